import EmotionFormer
import EmotionFormerCore
import Foundation
import Testing

@Suite("The interpreter's steps")
struct InterpreterTests {
    private let folder: URL

    init() throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("emotionformer-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    private func interpreter() throws -> Interpreter {
        let path = folder.appendingPathComponent("model").path
        try SmallModel.package().write(to: path)
        defer { try? FileManager.default.removeItem(at: folder) }
        return try Interpreter(modelPath: path)
    }

    private func data(_ values: [Float]) -> Data { values.withUnsafeBytes { Data($0) } }

    @Test("Allocate, copy, invoke, read")
    func steps() throws {
        let interpreter = try interpreter()
        #expect(interpreter.inputTensorCount == 1)
        #expect(interpreter.outputTensorCount == 2)
        try interpreter.allocateTensors()
        #expect(try interpreter.input(at: 0).shape == [1, 4, 2])
        try interpreter.copy(data([1, 5, 1, 5, 1, 5, 1, 5]), toInputAt: 0)
        try interpreter.invoke()
        let output = try interpreter.output(at: 1)
        #expect(output.name == "logits")
        #expect(output.dataType == "float32")
        #expect(output.shape == [1, 3])
        #expect(output.floats == [1, 5, 6])
        let probabilities = try #require(try interpreter.output(at: 0).floats)
        #expect(abs(probabilities.reduce(0, +) - 1) < 1e-6)
    }

    @Test("A step out of order, a wrong index and a wrong size are errors")
    func misuse() throws {
        let interpreter = try interpreter()
        func code(_ body: () throws -> Void) -> EmotionFormerError.Code? {
            do {
                try body()
                return nil
            } catch {
                return (error as? EmotionFormerError)?.code
            }
        }
        #expect(code { try interpreter.invoke() } == .invalidArgument)
        #expect(code { _ = try interpreter.output(at: 0) } == .invalidArgument)
        try interpreter.allocateTensors()
        #expect(code { try interpreter.copy(Data(), toInputAt: 0) } == .sizeMismatch)
        #expect(code { try interpreter.copy(data([1]), toInputAt: 1) } == .outOfBounds)
        #expect(code { _ = try interpreter.output(at: 2) } == .outOfBounds)
        #expect(code { _ = try interpreter.input(at: -1) } == .outOfBounds)
    }
}
