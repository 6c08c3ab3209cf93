import { generateKeyPairSync } from "node:crypto"
import { writeFileSync } from "node:fs"
import { join } from "node:path"

const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 })

/**
 * Writes the key of a service account to a file in a folder. Outside of googleapis.com such a key signs tokens itself, without a
 * request. Returns the path of the file.
 */
export const writeKeyFile = (folder: string, universe: string): string => {
  const file = join(folder, "key.json")
  writeFileSync(
    file,
    JSON.stringify({
      type: "service_account",
      client_email: "a@example.com",
      private_key: privateKey.export({ type: "pkcs8", format: "pem" }),
      universe_domain: universe
    })
  )
  return file
}
