package duck

import (
	"context"
	"database/sql"
)

// SQL runs SQL that a store wrote; a query's text never comes here. The engine's
// limits of time and memory hold, those of the result's size do not.
func (s *Session) SQL(ctx context.Context, text string, args ...any) (*sql.Rows, error) {
	rows, err := s.conn.QueryContext(ctx, text, args...)
	if err != nil {
		return nil, s.explain(ctx, err)
	}
	return rows, nil
}
