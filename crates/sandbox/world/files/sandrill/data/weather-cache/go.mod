module gitlab.sandrill.example/sandrill/data/weather-cache

go 1.20

require (
	golang.org/x/net v0.7.0
	gopkg.in/yaml.v3 v3.0.0-20210107192922-496545a6307b
)

require golang.org/x/text v0.7.0 // indirect
