/**
 * Makes self-signed certificates. Node has no function for that, so the structure of X.509 is written here.
 */
import { generateKeyPairSync, sign } from "node:crypto"

const der = (tag: number, ...contents: ReadonlyArray<Uint8Array>): Buffer => {
  const content = Buffer.concat(contents)
  const { length } = content
  const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.from([tag, ...size]), content])
}

const sequence = (...contents: ReadonlyArray<Uint8Array>) => der(0x30, ...contents)
const oid = (...bytes: ReadonlyArray<number>) => der(0x06, Buffer.from(bytes))
const octets = (content: Uint8Array) => der(0x04, content)
const bits = (content: Uint8Array) => der(0x03, Buffer.of(0), content)
const isTrue = der(0x01, Buffer.of(0xff))
const time = (text: string) => der(0x17, Buffer.from(text))
const commonName = (name: string) => sequence(der(0x31, sequence(oid(0x55, 4, 3), der(0x0c, Buffer.from(name)))))

/** Returns a new key and a certificate for these host names and 127.0.0.1, which is valid until 2049. */
export const certificate = (...hosts: ReadonlyArray<string>): { readonly key: string; readonly cert: string } => {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" })
  const ecdsaWithSha256 = sequence(oid(0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2))
  const name = commonName("test")
  const names = [...hosts.map((host) => der(0x82, Buffer.from(host))), der(0x87, Buffer.of(127, 0, 0, 1))]
  const unsigned = sequence(
    der(0xa0, der(0x02, Buffer.of(2))),
    der(0x02, Buffer.of(1)),
    ecdsaWithSha256,
    name,
    sequence(time("200101000000Z"), time("491231235959Z")),
    name,
    publicKey.export({ type: "spki", format: "der" }),
    der(
      0xa3,
      sequence(
        sequence(oid(0x55, 0x1d, 0x13), isTrue, octets(sequence(isTrue))),
        sequence(oid(0x55, 0x1d, 0x11), octets(sequence(...names)))
      )
    )
  )
  const signed = sequence(unsigned, ecdsaWithSha256, bits(sign("sha256", unsigned, privateKey)))
  return {
    key: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    cert: `-----BEGIN CERTIFICATE-----\n${signed.toString("base64")}\n-----END CERTIFICATE-----\n`
  }
}
