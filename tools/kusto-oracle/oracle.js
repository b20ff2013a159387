// Asks Microsoft's Kusto language service about queries.
//
// Lines of JSON come in on standard input and go out on standard output, one
// for one. A line {"tables": {"T": "(a: long, b: string)"}} sets the tables that
// queries know and is answered with {"version": "12.4.1"}; so does a line
// {"schema": ..., "database": "db"} with what ".show databases schema as json"
// gives, read field by field as monaco-kusto's setSchemaFromShowSchema does. A line
// {"query": "T | count"} is answered with the columns that come out and what
// the service objects to:
//
//	{"columns": [["Count", "long"]], "errors": [{"code": "KS142", "message": "...", "start": 4}]}
//
// Warnings and suggestions are left out. The service loads in half a second
// and needs a few milliseconds a query.
'use strict';

const fs = require('fs');
const path = require('path');
const readline = require('readline');
const vm = require('vm');

const folder = path.dirname(require.resolve('@kusto/language-service-next/package.json'));

// The package's files are classic scripts that put their names on window.
globalThis.window = globalThis;
for (const file of ['bridge.min.js', 'Kusto.Language.Bridge.min.js']) {
	vm.runInThisContext(fs.readFileSync(path.join(folder, file), 'utf8'), { filename: file });
}
const { KustoCode, GlobalState, Symbols } = globalThis.Kusto.Language;

// items makes an array of one of the service's lists.
function items(list) {
	const out = [];
	for (let i = 0; list && i < list.Count; i++) {
		out.push(list.getItem(i));
	}
	return out;
}

function stateOf(tables) {
	const members = Object.entries(tables).map(([name, schema]) => new Symbols.TableSymbol.$ctor7(name, schema, null));
	return GlobalState.Default.WithDatabase(new Symbols.DatabaseSymbol.ctor('db', members));
}

// stateOfSchema reads the fields that editors read. One that is missing is an
// error here, where an editor would show nothing.
function stateOfSchema(schema, name) {
	const database = schema.Databases[name];
	const lists = [database.Tables, database.ExternalTables, database.MaterializedViews];
	const tables = lists.flatMap((list) => Object.values(list)).map((table) => {
		const columns = table.OrderedColumns.map((column) => {
			const type = Symbols.ScalarTypes.GetSymbol(column.CslType);
			if (!type || type !== Symbols.ScalarTypes.GetSymbol(kustoTypes[column.Type])) {
				throw new Error(`${table.Name}.${column.Name}: ${column.Type} and ${column.CslType} do not go together`);
			}
			return new Symbols.ColumnSymbol(column.Name, type, column.DocString, null, null, null);
		});
		return new Symbols.TableSymbol.$ctor4(table.Name, columns);
	});
	if (Object.keys(database.Functions).length > 0 || !database.EntityGroups || !(schema.Plugins instanceof Array)) {
		throw new Error('functions are not read here, and groups and plugins must be there');
	}
	return GlobalState.Default.WithDatabase(new Symbols.DatabaseSymbol.ctor(database.Name, tables));
}

// kustoTypes are Kusto's names of the .NET types.
const kustoTypes = {
	'System.SByte': 'bool', 'System.Int32': 'int', 'System.Int64': 'long', 'System.Double': 'real',
	'System.Data.SqlTypes.SqlDecimal': 'decimal', 'System.String': 'string', 'System.DateTime': 'datetime',
	'System.TimeSpan': 'timespan', 'System.Guid': 'guid', 'System.Object': 'dynamic',
};

function ask(state, query) {
	const code = KustoCode.ParseAndAnalyze(query, state);
	const errors = items(code.GetDiagnostics())
		.filter((d) => d.Severity === 'Error')
		.map((d) => ({ code: d.Code, message: d.Message, start: d.Start }));
	const columns = items(code.ResultType && code.ResultType.Columns).map((c) => [c.Name, c.Type.Name]);
	return { columns, errors };
}

function answer(request) {
	if (request.tables || request.schema) {
		state = request.tables ? stateOf(request.tables) : stateOfSchema(request.schema, request.database);
		return { version: require('@kusto/language-service-next/package.json').version };
	}
	return ask(state, request.query);
}

let state = GlobalState.Default;
readline.createInterface({ input: process.stdin }).on('line', (line) => {
	process.stdout.write(JSON.stringify(answer(JSON.parse(line))) + '\n');
});
