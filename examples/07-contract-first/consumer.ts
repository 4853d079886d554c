/** A program that knows only `contract.json`: it requests every operation and prints what it receives. */
import { fromAsyncApi } from '@antiphon/asyncapi'
import { request$ } from '@antiphon/core'
import { connect } from '@antiphon/mqtt'
import { readFileSync } from 'node:fs'
import { lastValueFrom, of, toArray } from 'rxjs'

const contract: unknown = JSON.parse(readFileSync(new URL('contract.json', import.meta.url), 'utf8'))
const { endpoints } = fromAsyncApi(contract)
const link = connect(process.env['BROKER_URL'] ?? 'mqtt://localhost')

const requests = { unlock: { doors: ['front'] }, positions: { count: 3 } }
for (const [name, value] of Object.entries(requests)) {
  const endpoint = endpoints[name]
  if (endpoint === undefined) throw new Error(`contract.json has no operation ${name}`)
  const responses$ = of({ params: { vin: 'car7' }, value }).pipe(request$(link, endpoint), toArray())
  console.log(`${name}: ${JSON.stringify(await lastValueFrom(responses$))}`)
}
await link.close()
