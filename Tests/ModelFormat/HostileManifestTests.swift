import EmotionFormerCore
import Foundation
import Testing

@testable import EmotionFormerModelFormat

/// A change of the manifest's text, and what the error must say.
struct Spoiling: Sendable, CustomTestStringConvertible {
    let old: String
    let new: String
    let code: Fault.Code
    let parts: [String]

    init(_ old: String, _ new: String, _ code: Fault.Code, _ parts: String...) {
        self.old = old
        self.new = new
        self.code = code
        self.parts = parts
    }

    var testDescription: String { "\(old) → \(new)" }
}

@Suite struct HostileManifestTests {
    @Test("the package that the others spoil is read as it is")
    func control() throws {
        _ = try HostilePackage().read(verifyHash: true)
    }

    @Test("each departure from the format is refused, with the place in the manifest", arguments: fields)
    func field(spoiling: Spoiling) throws {
        var package = try HostilePackage()
        try package.replace(spoiling.old, spoiling.new)
        package.expectFault(spoiling.code, ["manifest.json: "] + spoiling.parts)
    }

    static let fields: [Spoiling] = [
        Spoiling(
            "\"formatVersion\": 1", "\"formatVersion\": 3", .unsupportedVersion, "line 3, column 20: formatVersion",
            "found 3, expected 1 or 2"),
        Spoiling(
            "\"formatVersion\": 1", "\"formatVersion\": 1.0", .invalidValue, "found the number 1.0, expected an integer"
        ),
        Spoiling("\"formatVersion\": 1,", "", .missingField, "expected 'formatVersion'"),
        Spoiling(
            "emotionformer-model", "another-model", .invalidValue, "not a manifest of a model package",
            "found 'another-model'"),
        Spoiling(
            "\"name\": \"small\"", "\"name\": \"small\", \"color\": 1", .unknownField, "line 4, column 20: color",
            "found 'color'"),
        Spoiling("\"name\": \"small\"", "\"name\": \"\"", .invalidValue, "name: the name is empty"),
        Spoiling(
            "\"license\": \"Apache-2.0\"", "\"license\": null", .invalidValue, "license",
            "found null, expected a string"),
        Spoiling(
            "\"name\": \"small\"", "\"name\": \"a\", \"name\": \"b\"", .malformedJSON, "line 4, column 16: name",
            "stands twice"),
        Spoiling(
            "\"file\": \"weights.bin\"", "\"file\": \"../weights.bin\"", .invalidValue, "weights.file",
            "found '../weights.bin'"),
        Spoiling("\"file\": \"weights.bin\"", "\"file\": \"/etc/hosts\"", .invalidValue, "bare name"),
        Spoiling("\"file\": \"weights.bin\"", "\"file\": \"..\"", .invalidValue, "bare name"),
        Spoiling("\"file\": \"weights.bin\"", "\"file\": \"a\\\\b\"", .invalidValue, "bare name"),
        Spoiling("\"file\": \"weights.bin\"", "\"file\": \"c:weights.bin\"", .invalidValue, "bare name"),
        Spoiling("\"file\": \"weights.bin\"", "\"file\": \"manifest.json\"", .invalidValue, "bare name"),
        Spoiling("\"file\": \"selftest.bin\"", "\"file\": \"weights.bin\"", .duplicateName, "found 'weights.bin'"),
        Spoiling("\"xxh64\": \"", "\"xxh64\": \"0", .invalidValue, "weights.xxh64", "expected 16 lower-case"),
        Spoiling("\"sha256\": \"0a", "\"sha256\": \"0A", .invalidValue, "producer.sources[0].sha256", "expected 64"),
        Spoiling("\"frames\": 4", "\"frames\": 0", .invalidValue, "input.frames", "found 0"),
        Spoiling("\"frames\": 4", "\"frames\": 70000", .limitExceeded, "input.frames", "found 70000"),
        Spoiling("\"frames\": 4", "\"frames\": 5", .shapeMismatch, "found [1, 4, 3], expected [1, 5, 3]"),
        Spoiling("\"frames\": 4", "\"frames\": -4", .invalidValue, "input.frames", "found -4"),
        Spoiling("\"frames\": 4", "\"frames\": 1e2", .invalidValue, "input.frames", "found the number 100.0"),
        Spoiling(
            "\"layout\": \"raw\"", "\"layout\": \"zyx\"", .invalidValue, "input.layout", "found 'zyx'",
            "'xyz-interleaved'"),
        Spoiling("\"side\": \"start\"", "\"side\": \"none\"", .invalidValue, "input.padding.side", "open time axis"),
        Spoiling("\"side\": \"start\"", "\"side\": \"left\"", .invalidValue, "input.padding.side", "found 'left'"),
        Spoiling("\"value\": -1.5", "\"value\": 1e300", .invalidValue, "input.padding.value"),
        Spoiling(
            "\"truncation\": \"uniform\"", "\"truncation\": 3", .invalidValue, "input.truncation",
            "found 3, expected a string"),
        Spoiling("\"missingFrame\": \"repeatPrevious\"", "\"missingFrame\": \"guess\"", .invalidValue, "found 'guess'"),
        Spoiling("\"epsilon\": 1e-07", "\"epsilon\": -1", .invalidValue, "input.normalization: epsilon", "found -1"),
        Spoiling(
            "\"mean\": \"normalization.mean\"", "\"mean\": \"absent\"", .unknownName, "input.normalization",
            "found 'absent'"),
        Spoiling("[\"Happy\", \"Sad\"]", "[\"Happy\", \"Happy\"]", .duplicateName, "labels[1]", "found 'Happy'"),
        Spoiling("[\"Happy\", \"Sad\"]", "[\"Happy\", \"\"]", .invalidValue, "labels[1]", "empty"),
        Spoiling("[\"Happy\", \"Sad\"]", "[\"Happy\"]", .shapeMismatch, "labels", "found 1, expected 2"),
        Spoiling("[\"Happy\", \"Sad\"]", "[\"Happy\", \"S\u{7F}d\"]", .invalidValue, "labels[1]", "control"),
        Spoiling("[\"Happy\", \"Sad\"]", "[\"Happy\", \"S\\u001fd\"]", .invalidValue, "labels[1]", "control"),
        Spoiling("[\"Happy\", \"Sad\"]", "[]", .invalidValue, "labels", "no label"),
        Spoiling(
            "[\"Happy\", \"Sad\"]", "[\"Happy\", \"Sad\", \"Angry\"]", .shapeMismatch, "labels", "found 3, expected 2"),
        Spoiling(
            "\"probabilities\": \"probabilities\", \"logits\": \"logits\"}", "\"probabilities\": \"absent\"}",
            .unknownName, "outputs.probabilities", "found 'absent', expected 'probabilities', 'logits'"),
        Spoiling("\"oracle\": \"numpy-float64\"", "\"oracle\": \"\"", .invalidValue, "selfTest.oracle"),
        Spoiling("\"logits\": 1e-05", "\"logits\": 0", .invalidValue, "selfTest: tolerance", "found 0"),
        Spoiling(", \"logits\": 1e-05", "", .missingField, "selfTest: the tolerance of the logits"),
        Spoiling("\"selfTestData\"", "\"metadata2\"", .unknownField, "found 'metadata2'"),
    ]

    @Test("a file beyond the bound and a crowd of graphs are refused before anything is read for them")
    func limits() throws {
        var package = try HostilePackage()
        try package.replace("\"byteCount\": 344,\n", "\"byteCount\": 1073741825,\n")
        package.expectFault(.limitExceeded, ["weights.byteCount", "found 1073741825 bytes"])
        package = try HostilePackage()
        try package.replace("\"graphs\": [", "\"graphs\": [" + String(repeating: "0, ", count: 1024))
        package.expectFault(.limitExceeded, ["graphs: there are too many graphs", "found 1025"])
    }

    /// Other formats' readers followed such names (ONNX: CVE-2022-25882, CVE-2024-27318 and later).
    @Test(
        "a name that leads out of the package is refused, however it is written",
        arguments: [
            "../weights.bin", "./weights.bin", "a/../../weights.bin", "a/weights.bin", "/dev/zero", "//weights.bin",
            ".",
            "..", "", "weights.bin/", "..\\\\weights.bin", "file:weights.bin", "weights.bin\\u0000", "weights\\n.bin",
            "\\u002e\\u002e/weights.bin", "manifest.json",
        ])
    func escapes(name: String) throws {
        for file in ["weights.bin", "selftest.bin"] {
            var package = try HostilePackage()
            try package.replace("\"file\": \"\(file)\"", "\"file\": \"\(name)\"")
            package.expectFault(.invalidValue, ["manifest.json: ", ".file", "not a bare name"])
        }
    }

    /// The check itself must not overflow (llama.cpp's GGUF reader: CVE-2025-53630).
    @Test("sizes whose sum or product overflows are refused, wherever they stand")
    func overflows() throws {
        for (offset, shape, size) in [
            (9_223_372_036_854_775_744, "[3, 2]", 24), (4_611_686_018_427_387_904, "[3, 2]", 24),
            (320, "[281474976710656]", 1_125_899_906_842_624), (9_223_372_036_854_775_744, "[16]", 64),
        ] {
            var package = try HostilePackage()
            try package.replace(HostileManifestTests.kernel, HostileManifestTests.kernel(shape, "\(offset)", "\(size)"))
            package.expectFault(.outOfBounds, ["tensors['scores/kernel']", "beyond the end"])
        }
        for size in ["9223372036854775807", "1073741825"] {
            var package = try HostilePackage()
            try package.replace("\"byteCount\": 344,\n", "\"byteCount\": \(size),\n")
            package.expectFault(.limitExceeded, ["weights.byteCount", "the limit 'fileBytes'"])
        }
    }

    @Test("each wrong tensor is refused by its name", arguments: tensors)
    func tensor(spoiling: Spoiling) throws {
        var package = try HostilePackage()
        try package.replace(spoiling.old, spoiling.new)
        package.expectFault(spoiling.code, ["manifest.json: "] + spoiling.parts)
    }

    private static let kernel =
        "\"scores/kernel\": {\"dtype\": \"float32\", \"shape\": [3, 2], \"offset\": 320, \"byteCount\": 24}"

    private static func kernel(_ shape: String, _ offset: String, _ byteCount: String, dtype: String = "float32")
        -> String
    {
        "\"scores/kernel\": {\"dtype\": \"\(dtype)\", \"shape\": \(shape), \"offset\": \(offset), \"byteCount\": \(byteCount)}"
    }

    static let tensors: [Spoiling] = [
        Spoiling(
            kernel, kernel("[3, 2]", "321", "24"), .invalidValue, "tensors['scores/kernel'].offset", "not aligned",
            "found 321"),
        Spoiling(kernel, kernel("[3, 2]", "352", "24"), .invalidValue, "not aligned", "found 352"),
        Spoiling(
            kernel, kernel("[3, 2]", "256", "24"), .overlap, "tensors['scores/kernel']", "overlaps",
            "behind 'hidden/bias'"),
        Spoiling(kernel, kernel("[3, 2]", "384", "24"), .outOfBounds, "tensors['scores/kernel']", "found offset 384"),
        Spoiling(
            kernel, kernel("[3, 2]", "9223372036854775744", "24"), .outOfBounds, "found offset 9223372036854775744"),
        Spoiling(kernel, kernel("[3, 2]", "-64", "24"), .invalidValue, "found -64"),
        Spoiling(kernel, kernel("[3, 2]", "320", "28"), .sizeMismatch, "byteCount", "found 28, expected 24"),
        Spoiling(kernel, kernel("[3, 3]", "320", "24"), .sizeMismatch, "byteCount", "found 24, expected 36"),
        Spoiling(kernel, kernel("[3037000500, 3037000500]", "320", "24"), .sizeOverflow, "too many elements"),
        Spoiling(kernel, kernel("[4294967296, 4294967296, 0]", "320", "0"), .sizeOverflow, "too many elements"),
        Spoiling(
            kernel, kernel("[3, -2]", "320", "24"), .invalidValue, "tensors['scores/kernel'].shape[1]", "found -2"),
        Spoiling(
            kernel, kernel("[1, 1, 1, 1, 1, 1, 1, 3, 2]", "320", "24"), .limitExceeded, "too many axes", "found 9"),
        Spoiling(kernel, kernel("[3, 2]", "320", "24", dtype: "float64"), .invalidValue, "dtype", "found 'float64'"),
        Spoiling(
            kernel, kernel + ", \"extra\": {\"dtype\": \"int8\", \"shape\": [0], \"offset\": 0, \"byteCount\": 0}",
            .unusedName, "tensors.extra", "nothing uses the tensor"),
        Spoiling(kernel, kernel + ", " + kernel, .malformedJSON, "stands twice", "found 'scores/kernel'"),
        Spoiling(
            "\"kernel\": \"scores/kernel\"", "\"kernel\": \"absent\"", .unknownName, "node 'scores'", "found 'absent'"),
        Spoiling(
            "\"kernel\": \"scores/kernel\"", "\"kernel\": \"hidden/bias\"", .unusedName, "tensors['scores/kernel']"),
        Spoiling("\"axis\": 1", "\"axis\": 2", .invalidValue, "tensor 'hidden/kernel': quantization: axis", "found 2"),
        Spoiling(
            ", \"axis\": 1", "", .shapeMismatch, "tensor 'hidden/kernel': quantization: scale", "found 3, expected 1"),
        Spoiling(
            "\"scale\": \"hidden/kernel.scale\"", "\"scale\": \"hidden/kernel\"", .unusedName, "hidden/kernel.scale"),
        Spoiling(
            "\"scale\": \"hidden/kernel.scale\"", "\"scale\": \"absent\"", .unknownName,
            "tensors['hidden/kernel'].quantization", "found 'absent'"),
    ]

    @Test("each wrong graph is refused by its node", arguments: graphs)
    func graph(spoiling: Spoiling) throws {
        var package = try HostilePackage()
        try package.replace(spoiling.old, spoiling.new)
        package.expectFault(spoiling.code, ["manifest.json: "] + spoiling.parts)
    }

    static let graphs: [Spoiling] = [
        Spoiling(
            "\"operation\": \"softmax\"", "\"operation\": \"softmin\"", .unsupportedOperation,
            "graphs[0].nodes[3].operation", "node 'softmax'", "found 'softmin'"),
        Spoiling(
            "{\"activation\": \"relu\"}", "{\"activation\": \"relux\"}", .unsupportedAttribute, "node 'hidden' (dense)",
            "found 'relux'"),
        Spoiling(
            "{\"activation\": \"relu\"}", "{\"color\": 1}", .unsupportedAttribute, "node 'hidden' (dense)",
            "found 'color'"),
        Spoiling(
            "{\"activation\": \"relu\"}", "{\"activation\": [1.5]}", .invalidValue,
            "graphs[0].nodes[1].attributes.activation[0]", "found the number 1.5"),
        Spoiling(
            "{\"activation\": \"relu\"}", "{\"activation\": null}", .unsupportedAttribute, "attributes.activation",
            "found null"),
        Spoiling(
            "\"inputs\": [\"clip\"]", "\"inputs\": [\"hidden\"]", .cyclicGraph, "node 'mean' (globalPooling1D)", "cycle"
        ),
        Spoiling("\"inputs\": [\"clip\"]", "\"inputs\": [\"absent\"]", .unknownName, "node 'mean'", "found 'absent'"),
        Spoiling(
            "\"inputs\": [\"clip\"]", "\"inputs\": []", .invalidValue, "node 'mean'", "wrong number of operands",
            "found 0"),
        Spoiling("\"name\": \"scores\"", "\"name\": \"hidden\"", .duplicateName, "node 'hidden'"),
        Spoiling("\"outputs\": [\"pooled\"]", "\"outputs\": [\"clip\"]", .duplicateName, "node 'mean'", "'clip'"),
        Spoiling(
            "\"bias\": \"hidden/bias\"", "\"offset\": \"hidden/bias\"", .unknownField, "node 'hidden'", "found 'offset'"
        ),
        Spoiling(
            "\"dtype\": \"float32\", \"shape\": [1, 4, 3]", "\"dtype\": \"int8\", \"shape\": [1, 4, 3]",
            .elementTypeMismatch, "found int8, expected float32"),
        Spoiling("\"shape\": [1, 4, 3]", "\"shape\": [2, 4, 3]", .shapeMismatch, "found [2, 4, 3], expected [1, 4, 3]"),
        Spoiling("\"shape\": [1, 4, 3]", "\"shape\": [1, 4, null]", .shapeMismatch, "found [1, 4, null]"),
        Spoiling(
            "\"outputs\": [\"probabilities\", \"logits\"]", "\"outputs\": [\"absent\"]", .unknownName,
            "graph 'main': outputs", "found 'absent'"),
        Spoiling("\"outputs\": [\"probabilities\", \"logits\"]", "\"outputs\": []", .missingField, "no output"),
    ]
}
