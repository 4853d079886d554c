#!/usr/bin/env node
import { AntiphonError } from '@antiphon/core'
import { fromEvent } from 'rxjs'
import { eventGridProgram } from './program.js'

eventGridProgram(process.argv.slice(2), {
  print: (line) => process.stdout.write(`${line}\n`),
  printError: (line) => process.stderr.write(`antiphon-event-grid: ${line}\n`),
  stop$: fromEvent(process, 'SIGINT'),
}).catch((error: unknown) => {
  process.stderr.write(`antiphon-event-grid: ${AntiphonError.from(error).rawMessage}\n`)
  process.exitCode = 1
})
