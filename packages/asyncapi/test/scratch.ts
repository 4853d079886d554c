import { Parser } from '@asyncapi/parser'
import { cbor } from '@antiphon/codecs/cbor'
import { toAsyncApi, fromAsyncApi } from '@antiphon/asyncapi'
import * as endpoints from './endpoints.js'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { parse } from 'yaml'
const doc = toAsyncApi(endpoints, { title: 'Car', version: '1.0.0' })
console.log(JSON.stringify(doc, null, 1))
const parser = new Parser()
const { diagnostics } = await parser.parse(JSON.stringify(doc))
for (const d of diagnostics) console.log(d.severity, d.code, d.message, d.path.join('/'))
const read = fromAsyncApi(JSON.parse(JSON.stringify(doc)), { codecs: { 'application/cbor': cbor } })
console.log(read.unsupported, Object.keys(read.endpoints))
const again = toAsyncApi(read.endpoints, read.info)
console.log(JSON.stringify(again) === JSON.stringify(doc))
const folder = '/work/shared/asyncapi'
for (const f of readdirSync(folder, { recursive: true }) as string[]) {
  if (!/ya?ml$/.test(f)) continue
  try { const r = fromAsyncApi(parse(readFileSync(`${folder}/${f}`, 'utf8'))); console.log(f, Object.keys(r.endpoints), r.unsupported.length, r.unsupported[0]?.reason) } catch (e) { console.log(f, String(e)) }
}
