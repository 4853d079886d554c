import { readFileSync, statSync } from 'node:fs'
import { createSecureContext } from 'node:tls'
import type { TlsOptions } from 'node:tls'
import { AntiphonError } from '@antiphon/core'
import type { AccessSources } from '../access/access-control.js'
import { parseAcl } from '../access/acl-file.js'
import type { FileContents } from '../access/line-fault.js'
import { parsePasswords } from '../access/password-file.js'
import type { Config, ListenerConfig } from './config.js'

/** The contents of the files that settings name. */
export interface LoadedFiles {
  readonly access: AccessSources
  /** The TLS options of each listener of the settings; `undefined` for one without TLS. */
  readonly tls: readonly (TlsOptions | undefined)[]
  /** Each begins with the name of the file. */
  readonly faults: readonly string[]
  readonly warnings: readonly string[]
}

/** Reads the files that settings name: users, rules, certificates and revocation lists. */
export function loadFiles(config: Config): LoadedFiles {
  const faults: string[] = []
  const warnings: string[] = []
  const attempt = <T>(file: string, work: () => T): T | undefined => {
    try {
      return work()
    } catch (error) {
      faults.push(`${file}: ${AntiphonError.from(error).rawMessage}`)
      return undefined
    }
  }
  const parse = <T>(file: string | undefined, parser: (text: string) => FileContents<T>): T | undefined => {
    if (file === undefined) return undefined
    const contents = attempt(file, () => parser(readFileSync(file, 'utf8')))
    for (const { line, text } of contents?.faults ?? []) faults.push(`${file}:${line}: ${text}`)
    return contents?.value
  }
  const { passwordFile, aclFile, users = {}, certificateUser = false, allowAnonymous } = config
  const passwords = parse(passwordFile, parsePasswords)
  const rules = parse(aclFile, parseAcl)
  if (passwordFile !== undefined && passwords !== undefined && isReadableByOthers(passwordFile))
    warnings.push(`${passwordFile}: other users of this machine can read it; run chmod 600`)
  const hasUsers = Object.keys(users).length > 0 || passwordFile !== undefined || certificateUser
  const access: AccessSources = {
    users: new Map(Object.entries(users)),
    passwords,
    isCertificateUser: certificateUser,
    allowsAnonymous: allowAnonymous ?? !hasUsers,
    rules,
  }
  const tls = (config.listen ?? []).map((listener) => attempt(listener.cert ?? '', () => readTls(listener)))
  return { access, tls, faults, warnings }
}

/** Reads the TLS files of a listener; throws if a certificate, its key or a list is not valid. */
function readTls({ cert, key, ca, crl = [] }: ListenerConfig): TlsOptions | undefined {
  if (cert === undefined || key === undefined) return undefined
  const options: TlsOptions = {
    cert: readFileSync(cert),
    key: readFileSync(key),
    ...(ca === undefined ? {} : { ca: readFileSync(ca), requestCert: true, rejectUnauthorized: true }),
    ...(crl.length === 0 ? {} : { crl: crl.map((file) => readFileSync(file)) }),
  }
  createSecureContext(options)
  return options
}

/** Whether users other than the owner may read a file. Windows has no such mode. */
function isReadableByOthers(file: string): boolean {
  return process.platform !== 'win32' && (statSync(file).mode & 0o077) !== 0
}
