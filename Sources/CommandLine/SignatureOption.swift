import ArgumentParser

/// `--signature NAME`: which entry point of a `.tflite` file is meant.
struct SignatureOption: ParsableArguments {
    @Option(
        name: .customLong("signature"),
        help: ArgumentHelp(
            "The entry point of a .tflite file with several signatures, such as encode; inspect lists them.",
            valueName: "name"))
    var name: String?
}
