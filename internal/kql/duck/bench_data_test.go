package duck_test

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"

	_ "github.com/duckdb/duckdb-go/v2"

	"github.com/sekisho/sekisho/internal/kql/catalog"
	"github.com/sekisho/sekisho/internal/kql/duck"
)

// benchRows is how many flow rows the benchmark has; KQL_BENCH_ROWS says fewer.
func benchRows(b *testing.B) int {
	b.Helper()
	n, err := strconv.Atoi(os.Getenv("KQL_BENCH_ROWS"))
	if os.Getenv("KQL_BENCH_ROWS") == "" {
		return 20_000_000
	}
	if err != nil || n < 50_000 {
		b.Fatalf("KQL_BENCH_ROWS=%s is not a number of rows from 50000 on", os.Getenv("KQL_BENCH_ROWS"))
	}
	return n
}

// store is the engine of all benchmarks over one set of files, which are made
// once in a process and removed behind the last benchmark.
var store struct {
	once   sync.Once
	engine *duck.Engine
	tables catalog.Catalog
	err    error
	folder string
}

func TestMain(m *testing.M) {
	code := m.Run()
	if store.engine != nil {
		store.engine.Close()
	}
	if store.folder != "" {
		os.RemoveAll(store.folder)
	}
	os.Exit(code)
}

func benchStore(b *testing.B) (*duck.Engine, catalog.Catalog) {
	b.Helper()
	rows := benchRows(b)
	store.once.Do(func() {
		if store.folder, store.err = os.MkdirTemp("", "kql-bench-"); store.err == nil {
			store.err = openBench(store.folder, rows)
		}
	})
	if store.err != nil {
		b.Fatal(store.err)
	}
	return store.engine, store.tables
}

var benchTables = []string{"AZFWFlowTrace", "AZFWNetworkRule", "Connection"}

// openBench writes the files and opens an engine over them as sekisho query
// does.
func openBench(folder string, rows int) error {
	if err := writeBench(folder, rows); err != nil {
		return err
	}
	var tables []duck.FileTable
	for _, name := range benchTables {
		tables = append(tables, duck.FileTable{Name: name, Pattern: filepath.Join(folder, name+"-*.parquet")})
	}
	cfg := duck.DefaultConfig()
	cfg.TempDirectory = filepath.Join(folder, "spilled")
	cfg.Memory = "4GB" // so that neither side waits for the disk
	var err error
	store.engine, store.tables, err = duck.OpenFiles(context.Background(), cfg, tables)
	return err
}

// chunk is how many connections go into one file: about 1.2 million flow rows.
const chunk = 200_000

// writeBench makes the tables: 22 hours of two firewalls. A connection has five
// rows at the first and, one in four, as many at the second; one in fifty is
// never answered, one in forty denied; some pairs of hosts have more than others.
func writeBench(folder string, rows int) error {
	db, err := sql.Open("duckdb", "")
	if err != nil {
		return err
	}
	defer db.Close()
	connections := rows * 10 / 59
	for _, s := range []string{
		fmt.Sprintf("SET VARIABLE step = %d", int64(22*3600*1e6)/int64(connections)),
		"CREATE MACRO h(x) AS CAST(hash(x) % 4294967296 AS BIGINT)",
		"SET memory_limit = '2GB'", "SET temp_directory = '" + folder + "'",
	} {
		if _, err := db.Exec(s); err != nil {
			return err
		}
	}
	for n, from := 0, 0; from < connections; n, from = n+1, from+chunk {
		for _, s := range []string{fmt.Sprintf("SET VARIABLE a = %d", from), fmt.Sprintf("SET VARIABLE b = %d", min(from+chunk, connections)), connectionsSQL} {
			if _, err := db.Exec(s); err != nil {
				return fmt.Errorf("make connections: %w", err)
			}
		}
		for name, query := range map[string]string{"AZFWFlowTrace": flowsSQL, "AZFWNetworkRule": rulesSQL, "Connection": ledgerSQL} {
			file := filepath.Join(folder, fmt.Sprintf("%s-%04d.parquet", name, n))
			if _, err := db.Exec(fmt.Sprintf("COPY (%s) TO '%s' (FORMAT parquet, COMPRESSION zstd)", query, file)); err != nil {
				return fmt.Errorf("write %s: %w", name, err)
			}
		}
	}
	return nil
}

// connectionsSQL makes one chunk's connections; everything follows from their
// number, so that each run has the same rows.
const connectionsSQL = `CREATE OR REPLACE TEMP TABLE c AS
SELECT i, TIMESTAMP '2026-03-01 00:00:00' + to_microseconds(i * getvariable('step')) AS t,
	CASE WHEN i = 77 THEN '10.1.3.7' WHEN i % 10 = 0 THEN '10.1.99.' || hot ELSE '10.1.' || (h(i) % 20) || '.' || (h(i + 1) % 250 + 1) END AS client,
	CAST(CASE WHEN i = 77 THEN 20451 ELSE 20000 + i % 40000 END AS INTEGER) AS cport,
	CASE WHEN i = 77 THEN '10.2.1.9' WHEN i % 10 = 0 THEN '10.2.99.' || hot ELSE '10.2.' || (h(i + 2) % 8) || '.' || (h(i + 3) % 60 + 1) END AS server,
	CASE WHEN i = 77 THEN 443 ELSE [443, 443, 443, 80, 22, 1433, 5432, 8080][h(i + 4) % 8 + 1] END AS sport,
	printf('%016x', hash(i + 5)) AS id, h(i + 6) AS seq, h(i + 7) % 3000000 + 500 AS server_us,
	i % 50 = 8 AS dead, i % 40 = 3 AS denied, CASE WHEN i = 1008 THEN 9 ELSE 2 END AS invalid,
	CASE WHEN i % 40 = 3 THEN ['', 'no-ssh', 'no-web'][h(i + 8) % 3 + 1] ELSE ['web', 'sql', 'ssh', 'any'][h(i + 8) % 4 + 1] END AS rule
FROM (SELECT i, CAST(floor(40 * pow(h(i) / 4294967296, 3)) AS BIGINT) AS hot FROM range(getvariable('a'), getvariable('b')) AS r(i))`

const flowsSQL = `WITH steps AS (
	SELECT *, unnest(CASE WHEN denied THEN ['SYN'] WHEN dead THEN ['SYN'] || list_transform(range(invalid), lambda x: 'INVALID')
		ELSE ['SYN', 'SYN-ACK', 'ACK', 'FIN', 'FIN-ACK'] END) AS flag,
		unnest(CASE WHEN denied THEN [0] WHEN dead THEN range(invalid + 1) ELSE [0, 1, 2, 3, 4] END) AS n FROM c
), seen AS (SELECT *, unnest(CASE WHEN i % 4 = 0 THEN ['fw-a', 'fw-b'] ELSE ['fw-a'] END) AS fw FROM steps)
SELECT t + to_microseconds(CASE n WHEN 0 THEN 0 WHEN 1 THEN server_us WHEN 2 THEN server_us + 600 WHEN 3 THEN 4000000 ELSE 4000900 + n END
		+ CASE WHEN fw = 'fw-b' THEN 350 ELSE 0 END) AS TimeGenerated,
	'TCP' AS Protocol, CASE WHEN flag LIKE '%-ACK' THEN server ELSE client END AS SourceIp,
	CAST(CASE WHEN flag LIKE '%-ACK' THEN sport ELSE cport END AS INTEGER) AS SourcePort,
	CASE WHEN flag LIKE '%-ACK' THEN client ELSE server END AS DestinationIp,
	CAST(CASE WHEN flag LIKE '%-ACK' THEN cport ELSE sport END AS INTEGER) AS DestinationPort,
	'Log' AS Action, 'Additional TCP Log' AS ActionReason, flag AS Flag, fw AS Firewall, id AS ConnectionId,
	CASE WHEN flag = 'INVALID' THEN 'INVALID_STATE' END AS InvalidReason,
	CASE WHEN flag = 'INVALID' THEN 'packet (index 3) in dir 0 invalid, state SYN_SENT' END AS InvalidText,
	CAST(seq + n AS BIGINT) AS SequenceNumber, CAST(CASE WHEN n > 0 THEN seq + 1 END AS BIGINT) AS AcknowledgementNumber,
	CAST(CASE WHEN fw = 'fw-b' THEN 62 ELSE 63 END AS INTEGER) AS Ttl,
	CASE WHEN denied THEN 'Deny' WHEN flag = 'INVALID' THEN 'Drop' ELSE 'Allow' END AS Verdict,
	rule AS Rule, CAST(NULL AS BIGINT) AS Count
FROM seen ORDER BY 1`

const rulesSQL = `SELECT t AS TimeGenerated, 'TCP' AS Protocol, client AS SourceIp, CAST(cport AS INTEGER) AS SourcePort, server AS DestinationIp,
	CAST(sport AS INTEGER) AS DestinationPort, CASE WHEN denied THEN 'Deny' ELSE 'Allow' END AS Action,
	CASE WHEN rule = '' THEN '' ELSE 'rcg-network' END AS RuleCollectionGroup,
	CASE WHEN rule = '' THEN '' WHEN denied THEN 'rc-forbidden' ELSE 'rc-spokes' END AS RuleCollection, rule AS Rule,
	'fw-a' AS Firewall, id AS ConnectionId, CAST(CASE WHEN i % 1000 = 3 THEN 250 END AS BIGINT) AS Count
FROM c ORDER BY 1`

const ledgerSQL = `SELECT t + INTERVAL 6 SECONDS AS TimeGenerated, 'fw-a' AS Firewall, id AS ConnectionId, CAST(1 AS INTEGER) AS "Update", CAST(NULL AS BIGINT) AS Alike,
	client AS SourceIp, CAST(cport AS INTEGER) AS SourcePort, server AS DestinationIp, CAST(sport AS INTEGER) AS DestinationPort,
	CASE WHEN denied THEN 'denied' WHEN dead THEN 'reply-bypasses' ELSE 'completed' END AS Outcome,
	CASE WHEN dead THEN 'SYN-ACK' END AS StuckAt, CASE WHEN i % 300 = 0 THEN 'likely' ELSE 'certain' END AS Certainty,
	t AS FirstTime, t + INTERVAL 4 SECONDS AS LastTime, CASE WHEN NOT denied AND NOT dead THEN server_us END AS ServerMicroseconds,
	CASE WHEN NOT denied AND NOT dead THEN CAST(h(i) % 5000 AS BIGINT) END AS ClientBytes,
	CASE WHEN NOT denied AND NOT dead THEN CAST(h(i + 1) % 90000 AS BIGINT) END AS ServerBytes
FROM c ORDER BY 1`
