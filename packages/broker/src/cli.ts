#!/usr/bin/env node
import { readFileSync } from 'node:fs'
import { runCommand } from './cli/command.js'

function version(): string {
  const manifest = readFileSync(new URL('../package.json', import.meta.url), 'utf8')
  return (JSON.parse(manifest) as { readonly version: string }).version
}

void runCommand(process.argv.slice(2), {
  stdin: process.stdin,
  stdout: process.stdout,
  print: (line) => process.stdout.write(`${line}\n`),
  printError: (line) => process.stderr.write(`${line}\n`),
  prompt: (text) => process.stderr.write(text),
  onSignal: (signal, listener) => process.on(signal, listener),
  exit: (code) => process.exit(code),
  version,
}).then((code) => {
  process.exitCode = code
})
