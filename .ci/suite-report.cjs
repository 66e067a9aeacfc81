// Prints "passed failed skipped" of a vitest JSON report, and adds a line to the remarks for every test that failed and for
// every one that needed a second try. Usage: suite-report.cjs REPORT REMARKS
const { appendFileSync, readFileSync } = require('node:fs')
const { relative } = require('node:path')

const [, , reportPath, remarksPath] = process.argv
const report = JSON.parse(readFileSync(reportPath, 'utf8'))
for (const { name, status, message, assertionResults } of report.testResults) {
  const file = relative(process.cwd(), name)
  for (const { status: outcome, fullName, failureMessages = [] } of assertionResults) {
    const lines = failureMessages.join('\n').split('\n')
    const reason = lines
      .filter((line) => !/\/node_modules\/|<anonymous>/.test(line))
      .slice(0, 12)
      .join('\n    ')
    if (outcome === 'failed') appendFileSync(remarksPath, `failed: ${file}: ${fullName}\n    ${reason}\n`)
    else if (failureMessages.length > 0)
      appendFileSync(remarksPath, `second try: ${file}: ${fullName}\n    ${reason}\n`)
  }
  if (status === 'failed' && message) appendFileSync(remarksPath, `failed: ${file}: ${message.slice(0, 1_000)}\n`)
}
console.log(report.numPassedTests, report.numFailedTests, report.numPendingTests + report.numTodoTests)
