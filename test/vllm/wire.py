"""The fields of the installed package's messages: name, number, type and whether they repeat."""

import json

from google.protobuf.descriptor import FieldDescriptor
from smg_grpc_proto import vllm_engine_pb2

TYPES = {value: name.removeprefix("TYPE_").lower() for name, value in vars(FieldDescriptor).items() if name.startswith("TYPE_")}
# On the wire an enumeration is a number.
TYPES[FieldDescriptor.TYPE_ENUM] = "int32"


def messages(descriptors):
    for message in descriptors:
        yield message
        yield from messages(message.nested_types)


print(
    json.dumps(
        {
            message.full_name: {
                field.name: [field.number, TYPES[field.type], field.is_repeated]
                for field in message.fields
            }
            for message in messages(vllm_engine_pb2.DESCRIPTOR.message_types_by_name.values())
        }
    )
)
