/** Like `consumer.ts`, with the static types of `contract.ts`, which was generated from `contract.json`. */
import { request$ } from '@antiphon/core'
import { connect } from '@antiphon/mqtt'
import { of } from 'rxjs'
import { positions, unlock, type PositionsResponse } from './contract.js'

const link = connect(process.env['BROKER_URL'] ?? 'mqtt://localhost')
const params = { vin: 'car7' }

const northernmost = (one: PositionsResponse, other: PositionsResponse): PositionsResponse =>
  one.latitude > other.latitude ? one : other

await of({ params, value: { doors: ['front' as const] } })
  .pipe(request$(link, unlock))
  .forEach(({ unlocked, at }) => console.log(`unlocked ${unlocked.length} doors at ${at}`))
const found: PositionsResponse[] = []
await of({ params, value: { count: 2 } })
  .pipe(request$(link, positions))
  .forEach((position) => void found.push(position))
console.log(`northernmost of ${found.length}: ${found.reduce(northernmost).latitude}`)
await link.close()
