// Package token signs access tokens.
package token

import (
	"os"
	"time"

	"github.com/golang-jwt/jwt/v4"
)

// Lifetime of an access token.
const Lifetime = 15 * time.Minute

// Sign makes a token for a subject.
func Sign(subject string, lifetime time.Duration) (string, error) {
	now := time.Now()
	claims := jwt.RegisteredClaims{
		Subject:   subject,
		IssuedAt:  jwt.NewNumericDate(now),
		ExpiresAt: jwt.NewNumericDate(now.Add(lifetime)),
	}
	return jwt.NewWithClaims(jwt.SigningMethodHS256, claims).SignedString([]byte(os.Getenv("TOKEN_KEY")))
}
