module gitlab.sandrill.example/sandrill/harbour/ops-tools

go 1.19

require github.com/spf13/cobra v1.4.0

require (
	github.com/inconshreveable/mousetrap v1.0.0 // indirect
	github.com/spf13/pflag v1.0.5 // indirect
)
