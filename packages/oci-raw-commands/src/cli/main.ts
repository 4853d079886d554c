#!/usr/bin/env node
import { AntiphonError } from '@antiphon/core'
import { fromEvent, merge } from 'rxjs'
import { ociProgram } from './program.js'

ociProgram(process.argv.slice(2), {
  print: (line) => process.stdout.write(`${line}\n`),
  stop$: merge(fromEvent(process, 'SIGINT'), fromEvent(process, 'SIGTERM')),
}).catch((error: unknown) => {
  process.stderr.write(`antiphon-oci: ${AntiphonError.from(error).rawMessage}\n`)
  process.exitCode = 1
})
