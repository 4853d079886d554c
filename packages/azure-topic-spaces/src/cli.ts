#!/usr/bin/env node
import { AntiphonError } from '@antiphon/core'
import { fromEvent } from 'rxjs'
import { hubProgram } from './cli/program.js'

hubProgram(process.argv.slice(2), {
  print: (line) => process.stdout.write(`${line}\n`),
  printError: (line) => process.stderr.write(`antiphon-hub: ${line}\n`),
  stop$: fromEvent(process, 'SIGINT'),
}).catch((error: unknown) => {
  process.stderr.write(`antiphon-hub: ${AntiphonError.from(error).rawMessage}\n`)
  process.exitCode = 1
})
