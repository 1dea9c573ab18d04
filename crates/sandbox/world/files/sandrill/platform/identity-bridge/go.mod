module gitlab.sandrill.example/sandrill/platform/identity-bridge

go 1.21

require (
	github.com/golang-jwt/jwt/v4 v4.4.1
	github.com/labstack/echo/v4 v4.7.0
	golang.org/x/crypto v0.14.0
)

require (
	github.com/labstack/gommon v0.3.1 // indirect
	github.com/mattn/go-colorable v0.1.11 // indirect
	github.com/mattn/go-isatty v0.0.14 // indirect
	github.com/valyala/bytebufferpool v1.0.0 // indirect
	github.com/valyala/fasttemplate v1.2.1 // indirect
	golang.org/x/net v0.10.0 // indirect
	golang.org/x/sys v0.13.0 // indirect
	golang.org/x/text v0.13.0 // indirect
)
