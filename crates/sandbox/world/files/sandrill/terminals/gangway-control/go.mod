module gitlab.sandrill.example/sandrill/terminals/gangway-control

go 1.14

require (
	github.com/dgrijalva/jwt-go v3.2.0+incompatible
	github.com/gorilla/handlers v1.4.0
	golang.org/x/crypto v0.0.0-20200221231518-2aa609cf4a9d
)
