import Work

extension BatchRunner {
    /// Sets ``gradients`` to those of `scale` times the summed loss of a batch.
    ///
    /// - Parameters:
    ///   - inputs: token ids (batch, context), row-major.
    ///   - targets: the token to predict at each place, or `TokenID.ignored` where nothing
    ///     is scored.
    ///   - documentStarts: for each place the number, in its sequence, of its document's first
    ///     token, before which it sees nothing and from which positions count; nil for whole
    ///     sequences.
    ///   - continues: for each sequence whether it begins with the state that the one in its place
    ///     of the batch before ended with, in a runner that carries states; the others begin with
    ///     none, and so do all if it is nil. No gradient goes back into the batch before.
    ///   - scale: the factor of the loss before its gradient is taken, such as one over the number
    ///     of scored tokens in the step.
    ///   - dropout: rate and seed of dropout; nil for none.
    /// - Returns: the sum of the scored tokens' losses in nats, not scaled: that of each slot in
    ///   order and in double precision, and those of the slots by the tree of the gradients. NaN
    ///   if a stop was requested on the way: then the gradients are none.
    public func computeGradients(
        inputs: Span<TokenID>, targets: Span<TokenID>, documentStarts: [Int32]? = nil,
        continues: [Bool]? = nil, scale: Float, dropout: Dropout? = nil
    ) -> Double {
        precondition(
            inputs.count == batchSize * contextLength, "a batch of another size than the runner's")
        load(inputs, targets, documentStarts)
        precondition(scale != 0 && scale.isFinite, "a scale of \(scale) gives no gradient")
        batch.dropout = dropout
        batch.profile = profile
        beginStates(continues)
        timed(.packing) { pass.refresh() }
        for (number, (wave, slots)) in zip(tree.waves, waves).enumerated() {
            // Who waits for progress waits for all of it.
            if progress == nil, stop?.isRequested == true { return .nan }
            batch.progress = number == waves.count - 1 ? progress : nil
            pass.computeGradients(of: slots, of: batch, scale: scale)
            for slot in slots.indices { batch.progress?.reached(0, slot: slot) }
            sumLosses(wave)
            if batch.progress == nil { timed(.gradientSum) { sum(wave) } }
        }
        return lossSums[0]
    }

    /// Clears the states of the sequences that do not go on from the batch before.
    private func beginStates(_ continues: [Bool]?) {
        precondition(
            continues.map { $0.count == batchSize } ?? true, "an answer for each sequence")
        guard let carriedState else {
            precondition(
                continues?.contains(true) != true, "this runner carries no state to go on from")
            return
        }
        let count = carriedState.count / batchSize
        for sequence in 0..<batchSize where continues?[sequence] != true {
            carriedState.slice(sequence * count..<(sequence + 1) * count).zero()
        }
    }

    /// Makes the tree's additions of losses behind a wave.
    private func sumLosses(_ wave: GradientTree.Wave) {
        for (place, slot) in wave.slots.enumerated() {
            lossSums[wave.firstBuffer + place] = sumOfLosses(ofSlot: slot)
        }
        for addition in wave.additions {
            lossSums[addition.target] += lossSums[addition.source]
        }
    }

    /// Makes the tree's additions of gradients behind a wave, block by block on all threads.
    private func sum(_ wave: GradientTree.Wave) {
        guard !wave.additions.isEmpty else { return }
        ParameterBlocks.eachBlock(of: gradients.count, team) { range in
            for addition in wave.additions {
                kernels.add(
                    slotGradients[addition.source][range],
                    to: slotGradients[addition.target][range])
            }
        }
    }

    private func sumOfLosses(ofSlot slot: Int) -> Double {
        let sequences = tree.sequences(ofSlot: slot, of: batchSize)
        return batch.losses.withSpan { span in
            var sum = 0.0
            for index in sequences.lowerBound * contextLength..<sequences.upperBound * contextLength
            {
                sum += Double(span[index])
            }
            return sum
        }
    }

    private func timed(_ part: StepPart, _ work: () -> Void) {
        guard let profile else { return work() }
        profile.main.measure(part, work)
    }
}
