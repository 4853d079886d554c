/**
 * Handles orders once, and notes each in a file before it responds. Usage: kitchen <url> <folder>
 */
import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { requests$, serve } from '@antiphon/core'
import { durableResponses } from '@antiphon/durable'
import { levelStore } from '@antiphon/durable/level'
import { connect } from '@antiphon/mqtt'
import { order } from './order.js'

const [url = '', folder = ''] = process.argv.slice(2)
const link = connect(url, { clientId: 'kitchen', clean: true })
const handler = durableResponses(
  order,
  async ({ value }) => {
    appendFileSync(join(folder, 'handled.txt'), `${value}\n`)
    process.stdout.write(`handled ${value}\n`)
    await wait(5)
    return `${value} done`
  },
  { store: levelStore(join(folder, 'responses')) },
)
requests$(link, order).pipe(serve(handler)).subscribe()
