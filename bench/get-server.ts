/**
 * The server: answers every request with the same operation, and prints its port.
 */
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"

const body = Buffer.from(JSON.stringify({
  name: "operations/accessPolicies/84961948973/accessLevels/corp/create/1666896068847514",
  metadata: {
    "@type": "type.googleapis.com/google.identity.accesscontextmanager.v1.AccessContextManagerOperationMetadata"
  },
  done: true,
  response: {
    "@type": "type.googleapis.com/google.identity.accesscontextmanager.v1.AccessLevel",
    name: "accessPolicies/84961948973/accessLevels/corp",
    title: "Corporate network",
    description: "People in an office, or on a managed device elsewhere",
    basic: {
      conditions: [
        { ipSubnetworks: ["192.0.2.0/24", "198.51.100.0/24"], regions: ["CH", "DE"] },
        { devicePolicy: { requireScreenlock: true } }
      ],
      combiningFunction: "OR"
    }
  }
}))

const headers = { "content-type": "application/json; charset=UTF-8", "content-length": body.byteLength }
const server = createServer((_, response) => {
  response.writeHead(200, headers)
  response.end(body)
})
// A connection outlives the turns of the other clients.
server.keepAliveTimeout = 180_000
server.listen(0, "127.0.0.1", () => console.log((server.address() as AddressInfo).port, body.byteLength))

// Whoever started this holds its stdin open, and takes it along when it dies.
process.stdin.resume().on("end", () => process.exit())
