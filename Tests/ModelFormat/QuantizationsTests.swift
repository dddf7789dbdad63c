import EmotionFormerCore
import EmotionFormerFixtures
import EmotionFormerGraph
import Foundation
import Testing

@testable import EmotionFormerModelFormat

/// The quantizations of a graph's values in a manifest.
@Suite struct QuantizationsTests {
    private func package() throws -> ModelPackage {
        var program = try SmallPackage.program()
        let quantization = ValueQuantization(scale: 0.0123, zeroPoint: -3)
        var graph = program.graphs[0]
        graph.nodes.insert(
            Node(
                .quantize, name: "quantize", inputs: ["clip"], outputs: ["q"],
                attributes: [
                    "to": .text("int8"), "scale": .number(Double(quantization.scale)), "zeroPoint": .integer(-3),
                ]), at: 0)
        graph.nodes.insert(Node(.dequantize, name: "dequantize", inputs: ["q"], outputs: ["real"]), at: 1)
        graph.nodes[2].inputs = ["real"]
        graph.quantizations = ["q": quantization]
        program.graphs[0] = graph
        return try SmallPackage.make(selfTest: false, program: program)
    }

    @Test("what is written reads back, with the same numbers")
    func roundTrip() throws {
        let folder = try TemporaryFolder()
        try package().write(to: folder.path + "/model")
        let read = try ModelPackage.read(folder: folder.path + "/model")
        #expect(read.program.graphs[0].quantizations == ["q": ValueQuantization(scale: 0.0123, zeroPoint: -3)])
    }

    @Test("hostile quantizations are refused")
    func hostile() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/model/manifest.json"
        try package().write(to: folder.path + "/model")
        let text = try String(contentsOfFile: path, encoding: .utf8)
        let scale = "\"scale\": \(Double(Float(0.0123)))"
        #expect(text.components(separatedBy: scale).count == 3)
        let range = try #require(text.range(of: scale, options: .backwards))
        for (other, code) in [
            ("\"scale\": 0", Fault.Code.invalidValue), ("\"scale\": -1", .invalidValue),
            ("\"scale\": 0.0123", .invalidValue), ("\"scale\": 1e300", .invalidValue),
            ("\"scale\": \"1\"", .invalidValue), ("\"size\": 1", .unknownField),
        ] {
            try text.replacingCharacters(in: range, with: other).write(toFile: path, atomically: true, encoding: .utf8)
            #expect(
                throws: Fault.self, "\(other)", performing: { try ModelPackage.read(folder: folder.path + "/model") })
            do throws(Fault) {
                _ = try ModelPackage.read(folder: folder.path + "/model")
            } catch {
                #expect(error.code == code, "\(other): \(error)")
            }
        }
    }
}
