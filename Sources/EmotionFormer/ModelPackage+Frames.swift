import EmotionFormerCore
import EmotionFormerEngine
import EmotionFormerGraph
import EmotionFormerModelFormat

extension ModelPackage {
    /// The same model, with what its outputs have rows for. An output has a row for each frame if it is proven: with one
    /// frame less, the output has one row less. Where the graph holds for one number of frames only, nothing is proven.
    /// - Parameter extents: of the outputs, as far as they are known: what cannot have a row for each frame costs nothing.
    func provingRows(_ extents: [[Int?]], _ limits: Limits) throws(Fault) -> ModelPackage {
        guard let clip, inputs[0].role.name == .clip, clip.frames > 1, let taken = main?.inputs.first,
            let time = ClipAxes(taken, clip, isVector: false)?.time
        else { return self }
        func mayHaveRows(_ extents: [Int?]) -> Bool {
            extents.count == time + 2 && extents[time] ?? clip.frames == clip.frames
        }
        guard extents.contains(where: mayHaveRows) else { return self }
        let values = OutputReading.values(outputs)
        guard let whole = rows(clip.frames, time, values, limits),
            let shorter = rows(clip.frames - 1, time, values, limits)
        else { return self }
        var stated = outputs
        for index in stated.indices {
            guard let place = values.firstIndex(of: stated[index].value) else { continue }
            let isPerFrame = whole[place] == clip.frames && shorter[place] == clip.frames - 1
            stated[index].per = isPerFrame ? .frame : stated[index].per
        }
        guard stated != outputs else { return self }
        return try ModelPackage(
            name: name, license: license, citation: citation, metadata: metadata, producer: producer, inputs: inputs,
            labels: labels, program: program, outputs: stated, selfTest: selfTest)
    }

    /// The extents of the values along the axis of time for so many frames, nil for those without a row of numbers there;
    /// nil if the graph does not take that number of frames.
    private func rows(_ frames: Int, _ time: Int, _ values: [String], _ limits: Limits) -> [Int?]? {
        var program = program
        program.graphs[0].inputs[0].extents[time] = nil
        program.graphs[0].outputs = values
        guard let clip, let taken = program.graphs[0].inputs.first,
            let shape = try? clip.shape(of: taken, rows: frames, isVector: false),
            let graph = try? Plan.graph(
                program, inputShapes: [shape], options: PlanOptions(stage: .imported, limits: limits))
        else { return nil }
        return graph.outputs.map { value in
            let extents = graph.shape(of: value).extents
            return extents.count == time + 2 ? extents[time] : nil
        }
    }
}
