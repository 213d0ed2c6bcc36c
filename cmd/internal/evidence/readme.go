package evidence

import "fmt"

// readmeText documents the bundle and the commands that check it, which the test runs. It
// takes the incident and the head of the audit log.
const readmeText = `Evidence about incident %s, made by Tocsin.

  incident.json   the incident as it was stored
  members.json    its alerts
  attempts.json   every text that was sent or planned: recipient, text, times, the provider's receipts
  timeline.txt    what happened, a line an entry: HASH, a blank, the entry as JSON
  inbound.json    the inbound deliveries around its alerts, their raw bodies in inbound/
  config.json     the configuration in force when it opened, without secrets
  audit.txt       the audit log from the first record that tells of this incident (and of the
                  configuration in force) to its end: number, hash, SHA-256 of the body, the body;
                  "-" stands for the body of a record that tells of something else.
                  Its first line is the hash before the first record
  MANIFEST        SHA-256 of every file

The audit log ended at
  %s
when this file was made. Ask whoever runs Tocsin for a head of the log that they kept elsewhere
("tocsin audit head"), best one of a later time, and have them prove that it continues this one.

1. No file was changed since it was made:

  sha256sum -c --quiet MANIFEST

2. Each entry of the timeline follows from the one before it. An entry's hash is the first 32
digits of SHA-256 over the hash before it and the JSON. The last hash is "head" of incident.json:

  prev=
  while read -r hash body; do
    [ "$(printf '%%s%%s' "$prev" "$body" | sha256sum | cut -c1-32)" = "$hash" ] || echo "BAD entry $hash"
    prev=$hash
  done < timeline.txt
  grep -q "\"head\": \"$prev\"" incident.json || echo "BAD end of the timeline"

3. Each record of the audit log follows from the one before it:

  { read -r prev
    while read -r n hash sum body; do
      [ "$body" = - ] || [ "$(printf '%%s' "$body" | sha256sum | cut -d' ' -f1)" = "$sum" ] || echo "BAD body of record $n"
      [ "$(printf 'tocsin-audit-1\n%%s\n%%s\n' "$prev" "$sum" | sha256sum | cut -d' ' -f1)" = "$hash" ] || echo "BAD record $n"
      prev=$hash
    done
  } < audit.txt

4. The audit log saw this timeline: "seq" and "head" of each of its records about the incident
are an entry of the timeline and its hash:

  sed -n 's/.*"seq":\([0-9]*\),"head":"\([0-9a-f]*\)".*/\1 \2/p' audit.txt | while read -r seq head; do
    [ "$(sed -n "${seq}p" timeline.txt | cut -c1-32)" = "$head" ] || echo "BAD entry $seq: not what the audit log saw"
  done

Each command prints nothing when all is well. With Tocsin at hand, one command checks all of
this, and that the incident, its alerts and attempts are those that the audit log sealed:

  tocsin audit verify FILE.zip
`

func readme(id, head string) string { return fmt.Sprintf(readmeText, id, head) }
