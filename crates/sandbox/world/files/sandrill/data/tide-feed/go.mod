module gitlab.sandrill.example/sandrill/harbour/tide-feed

go 1.18

require (
	github.com/gorilla/websocket v1.4.0
	github.com/sirupsen/logrus v1.8.1
	golang.org/x/net v0.0.0-20210405180319-a5a99cb37ef4
)

require golang.org/x/sys v0.0.0-20210330210617-4fbd30eecc44 // indirect
