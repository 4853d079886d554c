import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto'

/** The cost of scrypt. A hash takes `128 * 2 ** log2Cost * blockSize` bytes of memory. */
export interface HashCost {
  readonly log2Cost: number
  readonly blockSize: number
  readonly parallelism: number
}

/** A password hashed by scrypt. */
export interface PasswordHash extends HashCost {
  readonly salt: Buffer
  readonly key: Buffer
}

/** 16 MiB, and a few hundredths of a second; see decision 0027. */
export const defaultCost: HashCost = { log2Cost: 14, blockSize: 8, parallelism: 1 }

/** Memory that one hash may take, so that a password file cannot stop the broker. */
const maximumMemory = 2 ** 28

const pattern =
  /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d{1,2})\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{22,86})$/

/** Hashes a password with a new salt. */
export async function hashPassword(
  password: string | Uint8Array,
  cost: HashCost = defaultCost,
): Promise<PasswordHash> {
  const salt = randomBytes(16)
  return { ...cost, salt, key: await derive(password, { ...cost, salt }, 32) }
}

/** Whether a password is the hashed one. */
export async function verifyPassword(password: string | Uint8Array, hash: PasswordHash): Promise<boolean> {
  return timingSafeEqual(hash.key, await derive(password, hash, hash.key.length))
}

/** Returns a hash as text, for example `$scrypt$ln=14,r=8,p=5$<salt>$<key>`. */
export function formatHash({ log2Cost, blockSize, parallelism, salt, key }: PasswordHash): string {
  return `$scrypt$ln=${log2Cost},r=${blockSize},p=${parallelism}$${toBase64(salt)}$${toBase64(key)}`
}

/** Reads a hash; returns `undefined` if the text is not one, or if it takes too much memory. */
export function parseHash(text: string): PasswordHash | undefined {
  const [, log2Cost, blockSize, parallelism, salt = '', key = ''] = pattern.exec(text) ?? []
  const hash = {
    log2Cost: Number(log2Cost),
    blockSize: Number(blockSize),
    parallelism: Number(parallelism),
    salt: Buffer.from(salt, 'base64'),
    key: Buffer.from(key, 'base64'),
  }
  const isAllowed =
    Math.min(hash.log2Cost, hash.blockSize, hash.parallelism) >= 1 && memoryOf(hash) <= maximumMemory
  return isAllowed ? hash : undefined
}

function memoryOf({ log2Cost, blockSize }: HashCost): number {
  return 128 * 2 ** log2Cost * blockSize
}

function derive(
  password: string | Uint8Array,
  { log2Cost, blockSize, parallelism, salt }: HashCost & { readonly salt: Buffer },
  length: number,
): Promise<Buffer> {
  const options = { cost: 2 ** log2Cost, blockSize, parallelization: parallelism, maxmem: 2 * maximumMemory }
  return new Promise((resolve, reject) =>
    scrypt(password, salt, length, options, (error, key) => (error === null ? resolve(key) : reject(error))),
  )
}

/** Base64 without padding, as the PHC string format requires. */
function toBase64(bytes: Buffer): string {
  return bytes.toString('base64').replaceAll('=', '')
}
