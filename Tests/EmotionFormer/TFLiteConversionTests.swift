import EmotionFormer
import EmotionFormerCore
import EmotionFormerTestSupport
import Foundation
import Testing

@Suite("TensorFlow Lite files with an open number of frames, and with assets")
final class TFLiteConversionTests {
    private let path = ClipFixtures.path("open.tflite")
    private let folder: URL

    init() throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("emotionformer-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    /// What `Fixtures/make_open.py` gives to LiteRT too.
    private static func clip(frames: Int) throws -> LandmarkClip {
        let values = (0..<frames * 6).map { Float($0 * 37 % 41) / 16 - 1 }
        return try LandmarkClip(features: values, frameCount: frames, featureCount: 6)
    }

    private func write(_ values: [Double], _ shape: String, to name: String) throws -> String {
        let bytes = ClipFixtures.npy(
            "{'descr': '<f8', 'fortran_order': False, 'shape': \(shape), }\n",
            payload: values.flatMap { value in (0..<8).map { UInt8(truncatingIfNeeded: value.bitPattern >> ($0 * 8)) } }
        )
        let file = folder.appendingPathComponent(name)
        try Data(bytes).write(to: file)
        return file.path
    }

    private func fault(_ change: (inout TFLiteConversion) -> Void) -> Fault? {
        var conversion = TFLiteConversion()
        conversion.frames = 9
        change(&conversion)
        do throws(Fault) {
            _ = try conversion.package(of: path)
            return nil
        } catch {
            return error
        }
    }

    @Test("Clips of any length give LiteRT's probabilities")
    func openFrames() throws {
        let expected: [Int: [Float]] = [
            4: [0.6370894312858582, 0.20312078297138214, 0.1597897857427597],
            9: [0.628158688545227, 0.2213345617055893, 0.15050671994686127],
        ]
        var conversion = TFLiteConversion()
        conversion.frames = 9
        conversion.padding.side = .none
        let model = try EmotionModel(conversion.package(of: path))
        for (frames, probabilities) in expected {
            let found = try model.predict(Self.clip(frames: frames)).probabilities
            #expect(zip(found, probabilities).allSatisfy { abs($0 - $1) <= 2e-6 }, "\(found)")
            // Negative control: the other length's are no match.
            #expect(!zip(found, expected[13 - frames] ?? []).allSatisfy { abs($0 - $1) <= 2e-6 })
        }
        #expect(try EmotionModel(path: path).input.frames == 300)
        conversion.frames = nil
        try Data("{\"max_frames\": 17}".utf8).write(to: folder.appendingPathComponent("metadata.json"))
        conversion.assets = folder.path
        #expect(try conversion.package(of: path).clip?.frames == 17)
    }

    @Test(
        "Statistics of every shape that broadcasts normalize alike",
        arguments: ["()", "(6,)", "(1, 6)", "(1, 1, 6)", "(9, 6)", "(1, 9, 6)", "(2, 3)", "(1, 2, 3)"])
    func statistics(shape: String) throws {
        let count = shape == "()" ? 1 : shape.contains("9") ? 54 : 6
        _ = try write([Double](repeating: 0.25, count: count), shape, to: "the_mean.npy")
        _ = try write([Double](repeating: 2, count: count), shape, to: "the_std.npy")
        try Data("{\"max_frames\": 9}".utf8).write(to: folder.appendingPathComponent("metadata.json"))
        let model = try EmotionModel(
            contentsOf: URL(fileURLWithPath: path), assets: folder, options: EmotionModel.Options())
        var conversion = TFLiteConversion()
        conversion.frames = 9
        conversion.assets = folder.path
        let fixed = try EmotionModel(conversion.package(of: path))
        let plain = try EmotionModel(
            {
                conversion.assets = nil
                return try conversion.package(of: path)
            }())
        let clip = try Self.clip(frames: 9)
        let byHand = try LandmarkClip(
            features: clip.values.map { ($0 - 0.25) / 2 }, frameCount: 9, featureCount: 6)
        #expect(try fixed.predict(clip).probabilities == plain.predict(byHand).probabilities)
        #expect(try fixed.predict(clip).probabilities != plain.predict(clip).probabilities)
        #expect(try model.predict(clip).probabilities == fixed.predict(clip).probabilities)
    }

    @Test("Assets that do not fit are errors that say what was found and expected")
    func misfits() throws {
        let short = try write([1, 2, 3, 4, 5], "(5,)", to: "a.npy")
        let good = try write([1, 2, 3, 4, 5, 6], "(6,)", to: "b.npy")
        let fault = try #require(
            fault {
                $0.mean = short
                $0.standardDeviation = good
            })
        #expect(fault.code == .shapeMismatch)
        #expect(fault.found == "[5]")
        #expect(fault.expected?.contains("[6]") == true)
        #expect(self.fault { $0.mean = good }?.expected == "the parameter 'standardDeviation' too")
        // Nothing in the folder is called mean, std, label or metadata.
        #expect(self.fault { $0.assets = folder.path }?.code == .missingFile)
        for name in ["mean1.npy", "mean2.npy", "std.npy"] { _ = try write([1], "()", to: name) }
        #expect(self.fault { $0.assets = folder.path }?.found == "mean1.npy, mean2.npy")
        _ = try write([1], "()", to: "global_mean.npy")
        #expect(self.fault { $0.assets = folder.path } == nil)
        try Data("{\"a\": ".utf8).write(to: folder.appendingPathComponent("metadata.json"))
        #expect(self.fault { $0.assets = folder.path }?.code == .malformedJSON)
    }

    @Test("A damaged file of a model is an invalid value of that file, and no malformed clip")
    func damagedFiles() throws {
        let good = try write([1, 2, 3, 4, 5, 6], "(6,)", to: "std.npy")
        let broken = folder.appendingPathComponent("mean.npy")
        let array = try Data(contentsOf: URL(fileURLWithPath: good))
        for count in [0, 5, 9, 60] {
            try array.prefix(count).write(to: broken)
            let fault = fault {
                $0.mean = broken.path
                $0.standardDeviation = good
            }
            #expect(fault?.code == .invalidValue, "\(count) bytes")
            #expect(fault?.place.hasPrefix(broken.path) == true, "\(count) bytes")
        }
        // The last bytes are the checksum, the first ones a header; what lies between is deflate data.
        var labels = try Data(ClipFixtures.bytes(inFile: "labels/zlib.joblib"))
        for index in 2..<labels.count - 4 { labels[index] = 0xFF }
        let file = folder.appendingPathComponent("label_encoder.joblib")
        try labels.write(to: file)
        let fault = fault { $0.labels = file.path }
        #expect(fault?.code == .invalidValue)
        #expect(fault?.place == "\(file.path): deflate")
        // Negative control: the same bytes as a clip.
        #expect(ClipFixtures.fault(.npy, Array(array.prefix(60)))?.code == .malformedClip)
    }

    @Test("Class names come from lists, files and metadata")
    func labels() throws {
        func names(_ labels: String?) throws -> [String]? {
            var conversion = TFLiteConversion()
            conversion.assets = folder.path
            conversion.labels = labels
            return try conversion.package(of: path).labels
        }
        try Data("{\"class_names\": {\"1\": \"b\", \"0\": \"a\", \"2\": \"c\"}}".utf8)
            .write(to: folder.appendingPathComponent("metadata.json"))
        #expect(try names(nil) == ["a", "b", "c"])
        try Data("x\n\n y \nz".utf8).write(to: folder.appendingPathComponent("labels.txt"))
        #expect(try names(nil) == ["x", "y", "z"])
        let list = folder.appendingPathComponent("emotions.json")
        try Data("[\"p\", \"q\", \"r\"]".utf8).write(to: list)
        #expect(try names(list.path) == ["p", "q", "r"])
        for (name, text) in [
            ("bom.txt", "\u{FEFF}p\nq\nr"), ("bom.json", "\u{FEFF}[\"p\", \"q\", \"r\"]"),
            ("map.json", #"{"r": 2, "p": 0, "q": 1}"#),
            ("indices.json", #"{"class_indices": {"p": 0, "q": 1, "r": 2}}"#),
        ] {
            let file = folder.appendingPathComponent("given_\(name)")
            try Data(text.utf8).write(to: file)
            #expect(try names(file.path) == ["p", "q", "r"], "\(name)")
        }
        // A file is a file, whatever is in its name.
        let comma = folder.appendingPathComponent("given,labels.txt")
        try Data("p\nq\nr".utf8).write(to: comma)
        #expect(try names(comma.path) == ["p", "q", "r"])
        // Numbers that are no order of names.
        for text in [
            #"{"0": "p", "1": "q", "3": "r"}"#, #"{"-1": "p", "0": "q", "1": "r"}"#,
            #"{"0": "p", "+1": "q", "2": "r"}"#,
            #"{"0": 1, "1": 2, "2": 0}"#,
        ] {
            try Data(text.utf8).write(to: list)
            #expect(fault { $0.labels = list.path }?.problem == "the file holds no list of class names", "\(text)")
        }
        for text in [#"{"p": 0, "q": 2, "r": 3}"#, #"{"p": 0, "q": 1, "r": 1}"#, #"{"p": 0, "q": 1, "r": "2"}"#] {
            try Data(text.utf8).write(to: list)
            #expect(fault { $0.labels = list.path }?.problem == "the file holds no list of class names", "\(text)")
        }
        #expect(try names("d, e,f") == ["d", "e", "f"])
        #expect(fault { $0.labels = "d,e" }?.code == .shapeMismatch)
        #expect(fault { $0.labels = "d,e,d" }?.code == .duplicateName)
    }

    @Test(
        "A pickled StandardScaler among the assets is the normalization",
        arguments: [
            ("scaler-0.pkl", true, true), ("scaler-2.pkl", true, true), ("scaler-5.pkl", true, true),
            ("scaler.joblib", true, true), ("scaler-no-mean.pkl", false, true), ("scaler-no-std.pkl", true, false),
        ])
    func standardScaler(name: String, hasMean: Bool, hasDeviation: Bool) throws {
        try Data(ClipFixtures.bytes(inFile: "labels/\(name)")).write(to: folder.appendingPathComponent(name))
        try Data("x\ny\nz".utf8).write(to: folder.appendingPathComponent("labels.txt"))
        var conversion = TFLiteConversion()
        conversion.frames = 9
        conversion.assets = folder.path
        conversion.tool = ("tests", "1")
        let package = try conversion.package(of: path)
        let normalization = try #require(package.clip?.normalization)
        #expect(normalization.mean.doubles == (hasMean ? [2, 20, 5, 2, 0, 2] : [0, 0, 0, 0, 0, 0]))
        #expect(normalization.standardDeviation.doubles == (hasDeviation ? [1, 10, 1, 2, 1, 1] : [1, 1, 1, 1, 1, 1]))
        #expect(package.labels == ["x", "y", "z"])
        #expect(package.producer.sources.map(\.name).contains(name))
    }

    @Test("Other scalers, and those that were not fitted, are refused with the way out")
    func otherScalers() throws {
        for (name, code) in [
            ("scaler-minmax.pkl", Fault.Code.unsupportedOperation), ("scaler-unfitted.pkl", .invalidValue),
        ] {
            let target = folder.appendingPathComponent(name)
            try Data(ClipFixtures.bytes(inFile: "labels/\(name)")).write(to: target)
            let fault = fault { $0.assets = folder.path }
            #expect(fault?.code == code && fault?.place.hasPrefix(target.path) == true, "\(fault as Any)")
            try FileManager.default.removeItem(at: target)
        }
        for name in ["scaler-0.pkl", "scaler-2.pkl"] {
            try Data(ClipFixtures.bytes(inFile: "labels/\(name)")).write(to: folder.appendingPathComponent(name))
        }
        #expect(fault { $0.assets = folder.path }?.found == "scaler-0.pkl, scaler-2.pkl")
        // No changed byte does harm, and an encoder is no scaler.
        let bytes = try ClipFixtures.bytes(inFile: "labels/scaler-5.pkl")
        for index in bytes.indices {
            var changed = bytes
            changed[index] ^= 0xFF
            do throws(Fault) { _ = try ScalerStatistics(changed) } catch { #expect(!error.description.contains("\n")) }
        }
        #expect(throws: Fault.self) { try ScalerStatistics(ClipFixtures.bytes(inFile: "labels/text-4.pkl")) }
        let other = try ScalerStatistics(ClipFixtures.bytes(inFile: "labels/scaler-5.pkl"))
        #expect(throws: Fault.self) { try other.tensors(features: 5) }
    }

    @Test("A scaler among the assets is neither labels nor left out in silence")
    func scaler() throws {
        try Data("anything".utf8).write(to: folder.appendingPathComponent("scaler.pkl"))
        let fault = fault { $0.assets = folder.path }
        #expect(fault?.code == .invalidValue, "\(fault as Any)")
        #expect(fault?.place.hasPrefix(folder.path + "/scaler.pkl") == true, "\(fault as Any)")
        let elsewhere = try write([1], "()", to: "elsewhere.npy")
        #expect(
            self.fault {
                $0.assets = folder.path
                $0.mean = elsewhere
                $0.standardDeviation = elsewhere
                $0.labels = "p,q,r"
            } == nil)
        // A variance is not a deviation, and a mean is not one for its name.
        for name in ["scaler_mean.npy", "scaler_var.npy"] { _ = try write([4], "()", to: name) }
        #expect(self.fault { $0.assets = folder.path }?.problem == "mean and standard deviation go together")
        try FileManager.default.removeItem(atPath: folder.path + "/scaler.pkl")
        #expect(self.fault { $0.assets = folder.path }?.problem == "mean and standard deviation go together")
        _ = try write([2], "()", to: "scaler_scale.npy")
        #expect(self.fault { $0.assets = folder.path } == nil)
    }

    @Test("What is given otherwise is not looked for among the assets; metadata may begin with a byte order mark")
    func givenInPlaceOfAssets() throws {
        for name in ["mean1.npy", "mean2.npy", "std.npy"] { _ = try write([1], "()", to: name) }
        try Data("\u{FEFF}{\"labels\": [\"p\", \"q\", \"r\"]}".utf8)
            .write(to: folder.appendingPathComponent("metadata.json"))
        let mean = try write([1], "()", to: "mine.npy")
        #expect(fault { $0.assets = folder.path }?.found == "mean1.npy, mean2.npy")
        #expect(
            fault {
                $0.assets = folder.path
                $0.mean = mean
            } == nil)
    }

    @Test("A package takes no assets")
    func packageWithAssets() throws {
        var conversion = TFLiteConversion()
        conversion.frames = 9
        let package = folder.appendingPathComponent("package")
        try conversion.package(of: path).write(to: package.path)
        #expect(
            refusal { try EmotionModel(contentsOf: package, assets: folder) }
                == "\(package.path): only a TensorFlow Lite file takes assets (expected a .tflite file; a package has its own)"
        )
        #expect(throws: Never.self) { try EmotionModel(contentsOf: package) }
    }

    @Test("Landmarks for a model that does not say which coordinate it takes: the error names the remedy")
    func layoutRemedy() throws {
        var conversion = TFLiteConversion()
        conversion.frames = 9
        let model = try EmotionModel(conversion.package(of: path))
        let landmarks = try LandmarkClip([[SIMD3<Float>]](repeating: .init(repeating: .one, count: 6), count: 2))
        let error = #expect(throws: EmotionFormerError.self) { try model.predict(landmarks) }
        #expect(error?.code == .layoutMismatch)
        #expect(error?.problem.contains("the parameter 'layout' set to x, y or z") == true)
        conversion.layout = .y
        #expect(throws: Never.self) { try EmotionModel(conversion.package(of: path)).predict(landmarks) }
    }
}
