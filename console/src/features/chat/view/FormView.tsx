import { useId, useLayoutEffect, useRef, useState, type ChangeEvent, type FormEvent } from "react";

import type { Field, Form, Values } from "../form";
import { own } from "../json";
import { TEXT_LIMIT } from "../text";
import { Tick } from "./Icons";

/** Whether a form can be filled in, was, or can be no more. */
export type Filling = "open" | "sent" | "closed";

export interface FormViewProps {
  readonly form: Form;
  readonly filling: Filling;
  readonly onFillIn: (values: Values) => void;
}

type Control = HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement;
type Written = Readonly<Record<string, string | boolean>>;

/** What is written stays here until the form is gone: one that could not be sent opens again with it. */
export function FormView({ form, filling, onFillIn }: FormViewProps) {
  const [written, setWritten] = useState<Written>({});
  const [problems, setProblems] = useState<Readonly<Record<string, string>>>({});
  const [attempts, setAttempts] = useState(0);
  const element = useRef<HTMLFormElement>(null);
  const id = useId();

  useLayoutEffect(() => {
    element.current?.querySelector<HTMLElement>("[aria-invalid=true]")?.focus();
  }, [attempts]);

  const write = (field: Field, event: ChangeEvent<Control>): void => {
    const control = event.target;
    const value = control instanceof HTMLInputElement && field.type === "boolean" ? control.checked : control.value;
    setWritten((before) => ({ ...before, [field.name]: value }));
    if (own(problems, field.name)) setProblems((before) => ({ ...before, [field.name]: problemOf(control, field) }));
  };

  const submit = (event: FormEvent): void => {
    event.preventDefault();
    const found = form.fields.map((field) => {
      const control = element.current!.elements.namedItem(field.name) as Control;
      return [field.name, problemOf(control, field)] as const;
    });
    setProblems(Object.fromEntries(found));
    setAttempts((before) => before + 1);
    if (found.every(([, problem]) => problem === "")) onFillIn(valuesOf(form, written));
  };

  if (filling !== "open") {
    return (
      <div className="form done">
        {form.title && <strong dir="auto">{form.title}</strong>}
        <p className="form-state">
          {filling === "sent" && <Tick />}
          {filling === "sent" ? "Filled in and sent" : "This form can no longer be filled in"}
        </p>
      </div>
    );
  }
  return (
    <form ref={element} className="form" aria-labelledby={`${id}-title`} noValidate onSubmit={submit}>
      <strong id={`${id}-title`} dir="auto" className={form.title ? undefined : "hidden"}>
        {form.title || "Form"}
      </strong>
      {form.description && <p dir="auto">{form.description}</p>}
      {form.fields.map((field) => (
        <FieldView
          key={field.name}
          id={`${id}-${field.name}`}
          field={field}
          value={own(written, field.name)}
          problem={own(problems, field.name) ?? ""}
          onWrite={(event) => write(field, event)}
        />
      ))}
      <button type="submit" className="primary">
        <span dir="auto">{form.submitLabel}</span>
      </button>
    </form>
  );
}

interface FieldViewProps {
  readonly id: string;
  readonly field: Field;
  readonly value: string | boolean | undefined;
  readonly problem: string;
  readonly onWrite: (event: ChangeEvent<Control>) => void;
}

function FieldView({ id, field, value, problem, onWrite }: FieldViewProps) {
  const described = [field.help && `${id}-help`, problem && `${id}-problem`].filter(Boolean).join(" ");
  const isTicked = field.type === "boolean";
  const label = (
    <label htmlFor={id} dir="auto">
      {field.label}
      {field.isRequired && !isTicked && (
        <span className="needed" aria-hidden="true">
          *
        </span>
      )}
    </label>
  );
  const common = {
    id,
    name: field.name,
    required: field.isRequired && !isTicked,
    "aria-invalid": problem !== "",
    "aria-describedby": described || undefined,
    onChange: onWrite,
  };
  return (
    <div className={isTicked ? "asked ticked" : "asked"}>
      {!isTicked && label}
      <ControlView field={field} value={value} common={common} />
      {isTicked && label}
      {field.help && (
        <small id={`${id}-help`} dir="auto">
          {field.help}
        </small>
      )}
      {problem && (
        <p id={`${id}-problem`} className="problem">
          {problem}
        </p>
      )}
    </div>
  );
}

const INPUTS: Readonly<Record<string, React.InputHTMLAttributes<HTMLInputElement>>> = {
  integer: { type: "number", step: 1, inputMode: "numeric" },
  number: { type: "number", step: "any", inputMode: "decimal" },
  date: { type: "date" },
  time: { type: "time" },
  datetime: { type: "datetime-local" },
  email: { type: "email", autoComplete: "email" },
  phone: { type: "tel", autoComplete: "tel" },
  url: { type: "url", autoComplete: "url" },
};

function ControlView({
  field,
  value,
  common,
}: {
  field: Field;
  value: string | boolean | undefined;
  common: object;
}) {
  const text = typeof value === "string" ? value : "";
  const lengths = { minLength: field.minLength ?? undefined, maxLength: field.maxLength ?? TEXT_LIMIT };
  const placeholder = field.placeholder || undefined;
  switch (field.type) {
    case "boolean":
      return <input {...common} type="checkbox" checked={value === true} />;
    case "text":
      return <textarea {...common} {...lengths} rows={3} dir="auto" value={text} placeholder={placeholder} />;
    case "enum":
      return (
        <select {...common} value={text}>
          <option value="">{field.placeholder || "Choose …"}</option>
          {field.options.map((option) => (
            <option key={option.value} value={option.value}>
              {option.title}
            </option>
          ))}
        </select>
      );
    default:
      return (
        <input
          type="text"
          dir="auto"
          {...INPUTS[field.type]}
          {...common}
          {...lengths}
          min={field.minimum ?? undefined}
          max={field.maximum ?? undefined}
          value={text}
          placeholder={placeholder}
        />
      );
  }
}

/** What the browser has against what is written, in the reader's language; "" if nothing. */
function problemOf(control: Control, field: Field): string {
  const isBlank = field.type !== "boolean" && control.value.trim() === "";
  if (field.isRequired && isBlank && control.validity.valid) return "Please fill in this field.";
  return control.validationMessage;
}

/** Without what was left empty; a box that was not ticked says no. */
function valuesOf(form: Form, written: Written): Values {
  const values: Record<string, Values[string]> = {};
  for (const field of form.fields) {
    const value = own(written, field.name);
    const text = typeof value === "string" ? value.trim() : "";
    if (field.type === "boolean") values[field.name] = value === true;
    else if (text !== "") values[field.name] = isWritable(field, text) ? Number(text) : text;
  }
  return values;
}

/** A number that means the same to every system; larger ones go as they were written. */
function isWritable(field: Field, text: string): boolean {
  const isNumber = field.type === "integer" || field.type === "number";
  return isNumber && Math.abs(Number(text)) <= Number.MAX_SAFE_INTEGER;
}
