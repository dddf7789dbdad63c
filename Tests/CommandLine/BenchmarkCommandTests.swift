import Foundation
import Testing

@Suite("emotionformer benchmark")
struct BenchmarkCommandTests {
    let folder: TemporaryFolder
    let model: String

    init() throws {
        folder = try TemporaryFolder()
        model = try SmallPackage.write(to: folder)
    }

    private func measure(_ options: String...) throws -> [String: Any] {
        let run = try Executable.run(
            ["benchmark", "--model", model, "--seconds", "0.01", "--json"] + options)
        #expect(run.code == 0, "\(run.errors)")
        #expect(run.lines.count == 1)
        return try #require(try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any])
    }

    @Test("The JSON has every key, and the figures go together")
    func keys() throws {
        let found = try measure("--threads", "2", "--batch", "3")
        let number = { (key: String) in try #require(found[key] as? Double, "\(key) is missing") }
        let order = [
            "minimumMilliseconds", "p10Milliseconds", "medianMilliseconds", "p90Milliseconds", "p99Milliseconds",
        ]
        let latencies = try order.map(number)
        #expect(latencies == latencies.sorted() && latencies[0] > 0)
        #expect(abs(try number("clipsPerSecond") * latencies[2] / 3000 - 1) < 1e-9)
        let rate = try number("gigaFLOPsPerSecond") / number("peakGigaFLOPsPerSecond")
        #expect(abs(try number("shareOfPeak") / rate - 1) < 1e-9)
        for key in ["loadMilliseconds", "peakGigaFLOPsPerSecond", "samples"] { #expect(try number(key) > 0) }
        #expect(try number("peakResidentBytes") > 1_000_000)
        for (key, value) in [("threads", 2.0), ("batch", 3), ("frames", 4)] { #expect(try number(key) == value) }
        let levels = ["portable", "avx2", "avx512", "neon", "neonDotProduct", "mixed"]
        #expect(levels.contains(try #require(found["instructionSet"] as? String)))
        #expect(found["processor"] is String)
    }

    @Test("--profile has every step of the plan, --kernels every kernel once, products beside BLAS and the peak")
    func profile() throws {
        let found = try measure("--profile", "--kernels")
        let steps = try #require(found["steps"] as? [[String: Any]])
        let kernels = try #require(found["kernels"] as? [[String: Any]])
        #expect(kernels.compactMap { $0["uses"] as? Int }.reduce(0, +) == steps.count)
        let labels = kernels.compactMap { $0["kernel"] as? String }
        #expect(Set(labels) == Set(steps.compactMap { $0["step"] as? String }) && labels.count == Set(labels).count)
        let dense = try #require(kernels.first { ($0["kernel"] as? String)?.hasPrefix("dense") == true })
        #expect(dense["floatingPointOperations"] as? Int == 2 * 2 * 3)
        #expect((dense["blasMilliseconds"] as? Double ?? 0) > 0 && (dense["peakMilliseconds"] as? Double ?? 0) > 0)
        let pooling = try #require(kernels.first { $0["floatingPointOperations"] as? Int == 0 })
        #expect(pooling["blasMilliseconds"] == nil)
        #expect((found["predictionAgainstBLAS"] as? Double ?? 0) > 0)
        #expect((found["predictionAgainstPeak"] as? Double ?? 0) > 0)
        // Every level, for every kernel and in the sums of its part.
        let levels = Set(try #require(dense["levels"] as? [String: Double]).keys)
        #expect(levels.isSuperset(of: ["portable", try #require(found["instructionSet"] as? String)]))
        let parts = try #require(found["parts"] as? [String: [String: Double]])
        #expect(Set(parts.keys) == ["products", "others"] && parts.values.allSatisfy { Set($0.keys) == levels })
        #expect(parts["products"]?["portable"] == (dense["levels"] as? [String: Double])?["portable"])
    }

    @Test("--frames sets the length of the clip, at most as many as the model takes")
    func frames() throws {
        let open = try SmallPackage.write(to: folder, name: "open", isOpen: true)
        let three = try Executable.run(
            "benchmark", "--model", open, "--seconds", "0.01", "--frames", "3", "--json")
        #expect(three.code == 0, "\(three.errors)")
        #expect(three.output.contains("\"frames\": 3"))
        let padded = try Executable.run(
            "benchmark", "--model", model, "--seconds", "0.01", "--frames", "3", "--json")
        #expect(padded.code == 0 && padded.output.contains("\"frames\": 3"), "\(padded.errors)")
        for (path, count) in [(open, "5"), (model, "5")] {
            let refused = try Executable.run("benchmark", "--model", path, "--frames", count)
            #expect(refused.code == 1 && refused.isOneLineFailure, "\(refused.errors)")
            #expect(refused.errors.contains("frames"))
        }
    }

    @Test("--interactive answers each count with so many timings")
    func interactive() throws {
        let run = try Executable.run("benchmark", "--model", model, "--interactive", input: "3\n 1 \n20\n")
        #expect(run.code == 0, "\(run.errors)")
        let counts = try run.lines.map { line in
            let answer = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: [Double]])
            let samples = try #require(answer["milliseconds"])
            #expect(samples.allSatisfy { $0 > 0 })
            return samples.count
        }
        #expect(counts == [3, 1, 20])
    }

    @Test(
        "--interactive ends with one line at the first line that is not a count, having answered those before",
        arguments: ["0", "-1", "many", "", "1.5", "1 2", "99999999999999999999"])
    func badLines(line: String) throws {
        let run = try Executable.run("benchmark", "--model", model, "--interactive", input: "2\n\(line)\n2\n")
        #expect(run.code == 1 && run.isOneLineFailure, "\(run.errors)")
        #expect(run.errors.contains("line 2"))
        #expect(run.lines.count == 1)
    }

    @Test(
        "Options out of range are refused",
        arguments: [
            ["--threads", "0"], ["--batch", "0"], ["--seconds", "0"], ["--seconds", "nan"], ["--seconds", "inf"],
            ["--frames", "0"], ["--batch", "1000000"],
        ])
    func ranges(options: [String]) throws {
        let run = try Executable.run(["benchmark", "--model", model] + options)
        #expect(run.code == 64 && run.isOneLineFailure, "\(run.errors)")
    }

    @Test("Text names the share of the peak and the memory")
    func text() throws {
        let run = try Executable.run("benchmark", "--model", model, "--seconds", "0.01", "--kernels")
        #expect(run.code == 0, "\(run.errors)")
        for word in ["median", "GFLOP/s", "of the peak", "peak memory", "BLAS", "dense"] {
            #expect(run.output.contains(word))
        }
    }
}
