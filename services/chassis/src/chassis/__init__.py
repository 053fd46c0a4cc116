"""What a service of Agora is: settings, telemetry, gRPC, stores, errors. It knows nothing of the shop."""
