/**
 * The message types of the cases, for clients that decode protobuf: the JSON form of protobufjs. A type that is missing here,
 * `example.Unheard`, is one that the client does not know.
 */
const string = (id: number) => ({ type: "string", id })

export const typeDefinitions = {
  nested: {
    google: {
      nested: {
        rpc: {
          nested: {
            ErrorInfo: {
              fields: { reason: string(1), domain: string(2), metadata: { keyType: "string", type: "string", id: 3 } }
            }
          }
        },
        identity: {
          nested: {
            accesscontextmanager: {
              nested: {
                v1: {
                  nested: {
                    AccessPolicy: { fields: { name: string(1), title: string(3) } },
                    AccessLevel: { fields: { name: string(1) } }
                  }
                }
              }
            }
          }
        }
      }
    },
    example: {
      nested: {
        Progress: { fields: { percent: { type: "int32", id: 1 } } },
        Other: { fields: { other: string(1) } }
      }
    }
  }
}
