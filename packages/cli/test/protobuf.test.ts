import type { Broker } from '@antiphon/broker'
import { create, toBinary } from '@bufbuild/protobuf'
import { file_google_protobuf_descriptor, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startBroker } from './broker-url.js'
import { antiphon, startAntiphon, type Ended, type Running } from './run-antiphon.js'

const folder = mkdtempSync(join(tmpdir(), 'antiphon-cli-'))
const file = join(folder, 'descriptors.binpb')
const format = `protobuf:${file}:google.protobuf.DescriptorProto`
let broker: Broker
let url = ''
let responder: Running

beforeAll(async () => {
  const set = create(FileDescriptorSetSchema, { file: [file_google_protobuf_descriptor.proto] })
  writeFileSync(file, toBinary(FileDescriptorSetSchema, set))
  writeFileSync(join(folder, 'text'), 'no descriptors')
  const started = await startBroker()
  broker = started.broker
  url = started.url
  responder = startAntiphon(['serve', 'echo', '--echo', '--url', url])
  await responder.printed('serving')
})
afterAll(async () => {
  responder.interrupt()
  await responder.ended
  await broker.close()
  rmSync(folder, { recursive: true })
})

const request = (...args: readonly string[]): Promise<Ended> =>
  antiphon(['request', 'echo', ...args, '--url', url])

describe('the format protobuf', () => {
  it('converts JSON to a message and back', async () => {
    const payload = '{"name":"Query","field":[{"name":"city","number":1}]}'
    expect(await request(payload, '--in', format, '--out', format)).toMatchObject({
      code: 0,
      stdout: `${payload}\n`,
    })
    const { stdout } = await request('{"name":"Q"}', '--in', format, '--out', 'hex')
    expect(stdout).toBe('0a0151\n')
    const { records } = await request('{"name":"Q"}', '--in', format, '--out', format, '--json')
    expect(records()).toMatchObject([
      { format: 'protobuf', value: { name: 'Q' }, contentType: 'application/protobuf' },
    ])
  })

  it.each<[readonly string[], number, RegExp]>([
    [
      ['{"nmae":1}', '--in', format],
      2,
      /cannot encode the payload as google\.protobuf\.DescriptorProto: .*nmae/,
    ],
    [
      ['x', '--in', 'text', '--out', format],
      6,
      /cannot decode the payload as google\.protobuf\.DescriptorProto: /,
    ],
    [
      ['{}', '--in', `protobuf:${file}:google.protobuf.DescriptorProtos`],
      2,
      /has no message .*Protos: did you mean google\.protobuf\.DescriptorProto\?/,
    ],
    [
      ['{}', '--in', 'protobuf:/missing:a.B'],
      2,
      /cannot read the descriptors in \/missing: ENOENT: no such file or directory; write it with protoc/,
    ],
    [['{}', '--in', `protobuf:${join(folder, 'text')}:a.B`], 2, /cannot read the descriptors in /],
    [
      ['{}', '--in', 'protobuf'],
      2,
      /--in is protobuf: it must be one of auto, .*, raw or protobuf:<file>:<message>/,
    ],
  ])('refuses %j', async (args, exitCode, message) => {
    const { code, stderr } = await request(...args)
    expect([code, stderr]).toEqual([exitCode, expect.stringMatching(message)])
  })
})
