// Asks a server what it reads on standard input, with Microsoft's clients for
// JavaScript as they come, and writes what they understood: a JSON object a line,
// in the order of the questions. See ../go/main.go for the form of both.
//
//	node clients.js ENDPOINT [TOKEN]

import readline from "node:readline";
import { Client, ClientRequestProperties, KustoConnectionStringBuilder } from "azure-kusto-data";
import { LogsQueryClient } from "@azure/monitor-query-logs";

const [endpoint, token] = process.argv.slice(2);
const kusto = new Client(token ? KustoConnectionStringBuilder.withAccessToken(endpoint, token) : endpoint);
const logs = new LogsQueryClient(
  token ? { getToken: async () => ({ token, expiresOnTimestamp: Date.now() + 3600_000 }) } : undefined,
  { endpoint: endpoint + "/v1", allowInsecureConnection: true, retryOptions: { maxRetries: 0 } },
);

for await (const line of readline.createInterface({ input: process.stdin })) {
  const question = JSON.parse(line);
  const answer = { name: question.name };
  try {
    await (["workspace", "resource", "batch"].includes(question.call) ? askLogs : askKusto)(question, answer);
  } catch (error) {
    answer.error = textOf(error);
  }
  console.log(JSON.stringify(answer));
}

async function askKusto(question, answer) {
  const properties = new ClientRequestProperties();
  for (const [name, value] of Object.entries(question.options ?? {})) {
    properties.setOption(name, value);
  }
  for (const [name, value] of Object.entries(question.parameters ?? {})) {
    properties.setParameter(name, value);
  }
  const ask = { mgmt: "executeMgmt", v1: "executeQueryV1" }[question.call] ?? "executeQuery";
  const result = (await kusto[ask](question.db, question.text, properties)).primaryResults[0];
  if (question.call === "stream") {
    for (const row of result.rows()) {
      answer.count = (answer.count ?? 0) + 1;
      answer.sum = (answer.sum ?? 0) + row.getValueAt(0);
    }
    return;
  }
  answer.columns = result.columns.map((c) => `${c.name}:${c.type}`);
  answer.rows = [...result.rows()].map((row) => result.columns.map((_, i) => row.getValueAt(i)));
}

async function askLogs(question, answer) {
  const timespan = spanOf(question.timespan);
  const options = question.options?.extra ? { includeQueryStatistics: true, includeVisualization: true } : {};
  if (question.options?.wait) {
    options.serverTimeoutInSeconds = question.options.wait;
  }
  let result;
  switch (question.call) {
    case "workspace":
      result = await logs.queryWorkspace(question.db, question.text, timespan, options);
      break;
    case "resource":
      result = await logs.queryResource(question.db, question.text, timespan, options);
      break;
    case "batch": {
      const query = { query: question.text, timespan };
      const [good, bad] = await logs.queryBatch([{ ...query, workspaceId: question.db }, { ...query, workspaceId: "another" }]);
      result = good;
      answer.error = `${good.status}, ${bad.status} ${JSON.stringify(bad.partialError)}`;
    }
  }
  if (result.partialError) {
    answer.error = `${result.status} ${JSON.stringify(result.partialError)}`;
  }
  const table = (result.tables ?? result.partialTables)[0];
  answer.columns = table.columnDescriptors.map((c) => `${c.name}:${c.type}`);
  if (table.rows.length > 100) {
    answer.count = table.rows.length;
  } else {
    answer.rows = table.rows;
  }
  if (result.visualization) {
    const { visualization, title } = result.visualization;
    answer.extra = `${visualization} ${JSON.stringify(title)}, statistics: ${result.statistics.query.executionTime > 0}`;
  }
}

// spanOf reads what a question says of time in the way that the client wants it.
function spanOf(text) {
  const [first, second] = (text ?? "P20Y").split("/");
  if (second === undefined) {
    return { duration: first };
  }
  const span = first.startsWith("P") ? { duration: first } : { startTime: new Date(first) };
  return second.startsWith("P") ? { ...span, duration: second } : { ...span, endTime: new Date(second) };
}

// textOf is what stays the same of an error from call to call.
function textOf(error) {
  const body = error.response?.data?.error ?? error.details?.error;
  if (body) {
    const { code, message } = body;
    const detail = body["@message"] ? `${body["@type"]}: ${body["@message"]}` : JSON.stringify(body.innererror ?? message);
    return `HTTP ${error.response?.status ?? error.statusCode} ${code} ${detail}`;
  }
  return error.message.replace(/CRID=\S+/g, "CRID=…");
}
