// Package syntax reads the text of KQL, the Kusto Query Language, into a tree.
//
// The lexer is called by the parser when it needs the next token, because KQL
// cannot be cut into tokens without knowing where one stands: what is between
// the parentheses of datetime(2024-01-01) or dynamic({...}) is text of its own.
//
// The parser is recursive descent, a function for each rule. A mistake becomes
// a [Diagnostic] with its place and what was expected there; the parser then
// goes on behind the next pipe or semicolon, so that several are told at once.
// The tree that comes with diagnostics is what could be understood.
package syntax
