#!/usr/bin/env node
import { AntiphonError } from '@antiphon/core'
import { fromEvent, merge } from 'rxjs'
import { contractProgram } from './program.js'

contractProgram(process.argv.slice(2), {
  print: (text) => process.stdout.write(`${text}\n`),
  stop$: merge(fromEvent(process, 'SIGINT'), fromEvent(process, 'SIGTERM')),
}).then(
  (code) => {
    process.exitCode = code
  },
  (error: unknown) => {
    process.stderr.write(`antiphon-contract: ${AntiphonError.from(error).rawMessage}\n`)
    process.exitCode = 1
  },
)
