package main

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"gitlab.sandrill.example/sandrill/platform/identity-bridge/token"
)

func main() {
	e := echo.New()
	e.POST("/token", func(c echo.Context) error {
		signed, err := token.Sign(c.FormValue("subject"), token.Lifetime)
		if err != nil {
			return echo.NewHTTPError(http.StatusInternalServerError)
		}
		return c.JSON(http.StatusOK, map[string]string{"access_token": signed})
	})
	e.Logger.Fatal(e.Start(":8080"))
}
