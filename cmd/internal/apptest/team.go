package apptest

import "fmt"

// The phones of the people in most stories.
const (
	AnaPhone = "+12025550101"
	BenPhone = "+12025550102"
)

// TwoTiers is [Base] with one policy, "team", that pages ana, after first ben, and after second
// its fallback, ben again. Both times are as a configuration writes them, such as 60s. A story
// may add more keys behind it.
func TwoTiers(first, second string) string {
	return Base + fmt.Sprintf(`
route: { policy: team }
policies:
  - name: team
    tiers:
      - { name: primary, page: ['user:ana'], acknowledge_within: %s }
      - { name: secondary, page: ['user:ben'], acknowledge_within: %s }
    fallback: ['user:ben']
users:
  - { name: ana, contacts: [{ name: mobile, sms: '%s' }] }
  - { name: ben, contacts: [{ name: mobile, sms: '%s' }] }
`, first, second, AnaPhone, BenPhone)
}
