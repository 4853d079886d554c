import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { requests$, serve } from '@antiphon/core'
import { durableResponses } from '@antiphon/durable'
import { levelStore } from '@antiphon/durable/level'
import { connect } from '@antiphon/mqtt'
import { notifyParent, onParentMessage, readRole } from '../../process/parent-process.js'
import { ledgerFiles, order, type DurabilityRole } from '../contract.js'

/** Milliseconds between the ledger and the response, in which the process can be killed. */
const handlerTime = 5

const { url, folder } = readRole<DurabilityRole>()
const link = connect(url, { clientId: 'kitchen', clean: true })
const handler = durableResponses(
  order,
  async ({ value }) => {
    appendFileSync(join(folder, ledgerFiles.handled), `${value}\n`)
    notifyParent('progress')
    await wait(handlerTime)
    return `${value} done`
  },
  { store: levelStore(join(folder, 'responses'), { sync: false }) },
)
onParentMessage({})
requests$(link, order, { onSubscribed: () => notifyParent('ready') })
  .pipe(serve(handler))
  .subscribe()
