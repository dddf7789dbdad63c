package import EmotionFormerCore
import Foundation

extension Fixture {
    /// Runs that follow each other in one interpreter of LiteRT's; `Tools/make-fixtures states` makes them.
    ///
    /// Runs 0 and 1 have the same inputs, run 2 has others; before run 3, which has those of run 0,
    /// `reset_all_variables()` was called.
    package struct StateRuns {
        package struct Run {
            package var inputs: [Tensor] = []
            package var outputs: [Tensor] = []
        }

        package var runs: [Run]
        /// The run before which the states were set to zero.
        package var reset: Int
    }

    private struct StateEntry: Decodable {
        var inputs: Int
        var outputs: Int
        var runs: Int
        var reset: Int
    }

    /// Files with fused LSTMs: float, dynamic range and integers.
    package static let stateNames = [
        "lstm", "lstm_int8", "integer_lstm", "k2_bilstm_float32", "k2_bilstm_float16", "k2_bilstm_int8",
    ]

    /// The largest difference that is allowed for such a file. Integers are equal; dynamic range quantizes what the last
    /// step gave, where a last bit may decide between two integers.
    package static func stateTolerance(_ name: String) -> Double {
        if name.hasPrefix("integer") { return 0 }
        return name.hasSuffix("int8") ? 5e-3 : 2e-6
    }

    package static func stateRuns(_ name: String) throws -> StateRuns {
        let folder = folder.deletingLastPathComponent().appendingPathComponent("states")
        let index = try JSONDecoder().decode(
            [String: StateEntry].self, from: try Data(contentsOf: folder.appendingPathComponent("index.json")))
        guard let entry = index[name] else { throw Unreadable(reason: "\(name) is not in states/index.json") }
        var arrays = ArrayReader(bytes: [UInt8](try Data(contentsOf: folder.appendingPathComponent("\(name).npys"))))
        let runs = try (0..<entry.runs).map { _ in
            var run = StateRuns.Run()
            for _ in 0..<entry.inputs { run.inputs.append(try arrays.next()) }
            for _ in 0..<entry.outputs { run.outputs.append(try arrays.next()) }
            return run
        }
        return StateRuns(runs: runs, reset: entry.reset)
    }
}
