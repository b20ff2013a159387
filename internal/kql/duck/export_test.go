package duck

import "database/sql"

// DB lets benchmarks run SQL on the very engine that KQL runs on.
func (e *Engine) DB() *sql.DB { return e.db }
