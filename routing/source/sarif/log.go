package sarif

import (
	"github.com/go-json-experiment/json/jsontext"

	"tocsin/routing/source"
)

// logFile is a SARIF log as far as it is read; names as in the specification, §3.13 ff.
type logFile struct {
	Version source.Text `json:"version"`
	Runs    []run       `json:"runs"`
}

type run struct {
	Tool struct {
		Driver     component   `json:"driver"`
		Extensions []component `json:"extensions"`
	} `json:"tool"`
	Results    []jsontext.Value          `json:"results"`
	Automation source.Loose[automation]  `json:"automationDetails"`
	Versions   source.Loose[[]versioned] `json:"versionControlProvenance"`

	byID map[string]*rule
}

type automation struct {
	ID source.Text `json:"id"`
}

type versioned struct {
	Repository source.Text `json:"repositoryUri"`
}

type component struct {
	Name  source.Text `json:"name"`
	Rules []rule      `json:"rules"`
}

type rule struct {
	ID       source.Text                      `json:"id"`
	Name     source.Text                      `json:"name"`
	Short    source.Loose[message]            `json:"shortDescription"`
	HelpURI  source.Text                      `json:"helpUri"`
	Default  source.Loose[configuration]      `json:"defaultConfiguration"`
	Messages source.Loose[map[string]message] `json:"messageStrings"`
	Props    source.Loose[properties]         `json:"properties"`
}

type configuration struct {
	Level source.Text `json:"level"`
}

type properties struct {
	SecuritySeverity source.Text `json:"security-severity"` // a decimal number, usually as a string
}

type message struct {
	Text      source.Text                 `json:"text"`
	ID        source.Text                 `json:"id"`
	Arguments source.Loose[[]source.Text] `json:"arguments"`
}

type result struct {
	RuleID    source.Text                `json:"ruleId"`
	RuleIndex source.Text                `json:"ruleIndex"`
	Rule      source.Loose[reference]    `json:"rule"`
	Kind      source.Text                `json:"kind"`
	Level     source.Text                `json:"level"`
	Message   source.Loose[message]      `json:"message"`
	Locations source.Loose[[]location]   `json:"locations"`
	Partial   jsontext.Value             `json:"partialFingerprints"`
	Full      jsontext.Value             `json:"fingerprints"`
	Baseline  source.Text                `json:"baselineState"`
	Suppress  source.Loose[[]suppressed] `json:"suppressions"`
	Props     source.Loose[properties]   `json:"properties"`

	Provenance source.Loose[provenance] `json:"provenance"`
}

type reference struct {
	ID        source.Text `json:"id"`
	Index     source.Text `json:"index"`
	Component source.Loose[struct {
		Index source.Text `json:"index"`
	}] `json:"toolComponent"`
}

type location struct {
	Physical struct {
		Artifact struct {
			URI source.Text `json:"uri"`
		} `json:"artifactLocation"`
		Region source.Loose[struct {
			StartLine source.Text `json:"startLine"`
		}] `json:"region"`
	} `json:"physicalLocation"`
}

type suppressed struct {
	Status source.Text `json:"status"`
}

type provenance struct {
	First source.Time `json:"firstDetectionTimeUtc"`
}
