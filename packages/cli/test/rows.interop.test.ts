import { describeForeign, startMosquitto } from '@antiphon/workshop'
import { makeCertificates } from '@antiphon/workshop/certificates'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { testRows } from './rows.js'

describeForeign(['mosquitto'], 'antiphon with Mosquitto', () => {
  testRows(async () => {
    const certificates = await makeCertificates({ clients: ['shell'] })
    const folder = mkdtempSync(join(tmpdir(), 'antiphon-cli-'))
    const rules = join(folder, 'acl')
    writeFileSync(rules, 'pattern readwrite #\npattern readwrite $aws/#\npattern deny closed/#\n')
    const mosquitto = await startMosquitto({
      config: [`acl_file ${rules}`],
      websockets: true,
      tls: {
        caFile: certificates.caFile,
        certFile: certificates.server.certFile,
        keyFile: certificates.server.keyFile,
        requireCertificate: true,
      },
    })
    return {
      url: mosquitto.url,
      tlsUrl: mosquitto.tlsUrl ?? '',
      wsUrl: mosquitto.wsUrl ?? '',
      certificates,
      stop: async () => {
        await mosquitto.stop()
        await certificates.remove()
        rmSync(folder, { recursive: true })
      },
    }
  })
})
