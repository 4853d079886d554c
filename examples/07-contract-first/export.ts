/**
 * Writes `contract.json` and, from it, `contract.ts`. The same as `antiphon-contract export endpoints.ts --title Car --version 1.0.0
 * --out contract.json` and `antiphon-contract generate contract.json --out contract.ts`.
 */
import { generateTypes, toAsyncApi } from '@antiphon/asyncapi'
import { writeFileSync } from 'node:fs'
import * as endpoints from './endpoints.js'

const contract = toAsyncApi(endpoints, { title: 'Car', version: '1.0.0' })
writeFileSync(new URL('contract.json', import.meta.url), `${JSON.stringify(contract, null, 2)}\n`)
writeFileSync(new URL('contract.ts', import.meta.url), await generateTypes(contract))
