import EmotionFormer
import EmotionFormerCore
import EmotionFormerGraph
import EmotionFormerModelFormat
import EmotionFormerTestSupport
import Foundation
import Testing

@Suite("Limits on what a model's file may ask for")
struct ModelLimitsTests {
    /// A package in a folder of its own.
    private final class Package {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("limits-\(UUID().uuidString)")
        var path: String { folder.appendingPathComponent("model").path }

        init(_ contents: ModelPackage) throws {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            try contents.write(to: path)
        }

        deinit { try? FileManager.default.removeItem(at: folder) }
    }

    private static let tflite = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("Fixtures/attention/blocks_float32.tflite").path

    private static func error(_ path: String, _ name: Limits.Name, _ value: Int) -> EmotionFormerError? {
        var limits = ModelLimits()
        limits.values[name] = value
        do throws(EmotionFormerError) {
            let model = try EmotionModel(path: path, options: .init(limits: limits))
            let size = model.input.frames * model.input.features
            let clip = try LandmarkClip(
                features: [Float](repeating: 1, count: size), frameCount: model.input.frames,
                featureCount: model.input.features)
            _ = try model.predict(clip)
            return nil
        } catch {
            return error
        }
    }

    /// For each limit the largest value that refuses the model, and a place that the message names.
    @Test(
        "Each limit refuses a package that needs more, names itself, and lets one through that needs as much",
        arguments: [
            (.fileBytes, 23, "weights"), (.manifestBytes, 1000, "manifest.json"), (.nodes, 2, "graphs"),
            (.rank, 2, "shape"), (.valueBytes, 31, "input 'clip'"), (.memoryBytes, 64, "graph 'main'"),
            (.operations, 500, "graph 'main'"),
        ] as [(Limits.Name, Int, String)])
    func package(name: Limits.Name, tooFew: Int, place: String) throws {
        let package = try Package(SmallModel.package())
        let error = try #require(Self.error(package.path, name, tooFew))
        #expect(error.code == .limitExceeded)
        #expect(error.expected == "at most \(tooFew), the limit '\(name.rawValue)'")
        #expect(error.place.contains(place), "\(error)")
        let enough: [Limits.Name: Int] = [.fileBytes: 24, .nodes: 3, .rank: 3, .valueBytes: 32, .operations: 2000]
        #expect(Self.error(package.path, name, enough[name] ?? 100_000) == nil)
    }

    @Test("A TensorFlow Lite file is held to the same limits")
    func tflite() throws {
        for (name, tooFew) in [(.fileBytes, 1000), (.tensors, 5), (.nodes, 3), (.rank, 1)] as [(Limits.Name, Int)] {
            let error = try #require(Self.error(Self.tflite, name, tooFew), "\(name)")
            #expect(error.code == .limitExceeded && error.expected?.contains("'\(name.rawValue)'") == true, "\(error)")
        }
        #expect(Self.error(Self.tflite, .tensors, 500) == nil)
        var options = EmotionModel.Options()
        options.limits.tensors = 5
        let error = #expect(throws: EmotionFormerError.self) {
            try Interpreter(modelPath: Self.tflite, options: options)
        }
        #expect(error?.code == .limitExceeded)
    }

    @Test("A self-test's tensors count, and verifying is held to the limits too")
    func selfTest() throws {
        let package = try Package(SmallModel.package(selfTest: SmallModel.selfTest()))
        var options = EmotionModel.Options()
        options.limits.tensors = 3
        let url = URL(fileURLWithPath: package.path)
        #expect(try EmotionModel.verify(contentsOf: url, options: options).isPassed)
        options.limits.tensors = 2
        let error = #expect(throws: EmotionFormerError.self) {
            try EmotionModel.verify(contentsOf: url, options: options)
        }
        #expect(error?.code == .limitExceeded && error?.place.contains("selfTest.tensors") == true)
    }

    @Test("A limit that is not a number of anything is an error of the call", arguments: Limits.Name.allCases)
    func ranges(name: Limits.Name) throws {
        let package = try Package(SmallModel.package())
        let range = Limits.range(of: name)
        for value in [0, -1, .min, range.upperBound + 1, .max] {
            let error = try #require(Self.error(package.path, name, value))
            #expect(error.code == .invalidArgument && error.place == "limits.\(name.rawValue)")
            var options = EmotionModel.Options()
            options.limits.values[name] = value
            #expect(
                refusal { try Interpreter(modelPath: package.path, options: options) }
                    == "limits.\(name.rawValue): the limit is out of range (found \(value), expected 1 to \(range.upperBound))"
            )
        }
        // The largest that is allowed overflows nowhere.
        #expect(Self.error(package.path, name, range.upperBound) == nil)
    }

    @Test("Every limit can be set by its property")
    func properties() {
        var limits = ModelLimits()
        let paths: [(Limits.Name, WritableKeyPath<ModelLimits, Int>)] = [
            (.fileBytes, \.fileBytes), (.manifestBytes, \.manifestBytes), (.tensors, \.tensors), (.graphs, \.graphs),
            (.nodes, \.nodes), (.rank, \.rank), (.valueBytes, \.valueBytes), (.constantBytes, \.constantBytes),
            (.memoryBytes, \.memoryBytes), (.operations, \.operations),
        ]
        #expect(paths.map(\.0) == Limits.Name.allCases)
        for (index, (name, path)) in paths.enumerated() {
            #expect(limits[keyPath: path] == Limits()[name])
            limits[keyPath: path] = index
            #expect(limits.values[name] == index)
        }
    }
}
