// Package errors gives an error a code and a text in the reader's language.
package errors

import (
	"golang.org/x/text/language"
	"golang.org/x/text/message"
)

// Coded is an error that a person can look up.
type Coded struct {
	Code string
	Args []any
}

func (c Coded) Error() string {
	return c.Code
}

// Text is the error in a language.
func (c Coded) Text(tag language.Tag) string {
	return message.NewPrinter(tag).Sprintf(c.Code, c.Args...)
}
