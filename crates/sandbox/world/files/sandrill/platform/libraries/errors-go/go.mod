module gitlab.sandrill.example/sandrill/platform/libraries/errors-go

go 1.20

require golang.org/x/text v0.3.7
